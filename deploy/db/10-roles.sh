#!/bin/bash
# Roles, database and extensions on a server of its own: the same as cli/cluster/provision.py makes in the private
# cluster (a test compares them). Run once by the image when its volume is empty, or by hand on a real server:
#   QORGAN_OWNER_PASSWORD=… QORGAN_APP_PASSWORD=… QORGAN_LOADER_PASSWORD=… PGHOST=… PGUSER=postgres bash 10-roles.sh
set -euo pipefail

: "${QORGAN_OWNER_PASSWORD:?}" "${QORGAN_APP_PASSWORD:?}" "${QORGAN_LOADER_PASSWORD:?}"

# \getenv keeps the passwords out of the process list; the session's statements are kept out of the server's log
psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username "${POSTGRES_USER:-${PGUSER:-postgres}}" --dbname postgres <<'SQL'
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET password_encryption = 'scram-sha-256';
\getenv owner QORGAN_OWNER_PASSWORD
\getenv app QORGAN_APP_PASSWORD
\getenv loader QORGAN_LOADER_PASSWORD
CREATE ROLE qorgan_owner LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'owner';
CREATE ROLE qorgan_app LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'app';
CREATE ROLE qorgan_loader LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION BYPASSRLS PASSWORD :'loader';
CREATE DATABASE qorgan OWNER qorgan_owner TEMPLATE template0 ENCODING 'UTF8';
REVOKE ALL ON DATABASE qorgan FROM PUBLIC;
GRANT CONNECT, TEMPORARY ON DATABASE qorgan TO qorgan_app, qorgan_loader;
\connect qorgan
ALTER SCHEMA public OWNER TO qorgan_owner;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO qorgan_app, qorgan_loader;
CREATE EXTENSION IF NOT EXISTS postgis;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gist;
-- Without this mark row-level security keeps every tile from its index (why it is safe: cli/cluster/provision.py).
ALTER FUNCTION geometry_overlaps(geometry, geometry) LEAKPROOF;
SQL
