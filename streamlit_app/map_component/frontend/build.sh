#!/usr/bin/env bash
# Build the map's bundle into dist/ (or the folder given); the hash in the names lets browsers keep the files for ever.
# Needs node 20 and npm; the result is committed, so that nobody else does.
set -euo pipefail
cd "$(dirname "$0")"
out="${1:-dist}"
[ -d node_modules ] && [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --ignore-scripts
mkdir -p "$out"
rm -f "$out"/qorgan-map.*
esbuild=node_modules/.bin/esbuild
"$esbuild" src/index.js --bundle --format=esm --minify --legal-comments=none --target=es2022 --log-level=warning --outdir="$out" --entry-names=qorgan-map.[hash]
"$esbuild" src/map.css --bundle --minify --target=es2022 --loader:.svg=dataurl --log-level=warning --outdir="$out" --entry-names=qorgan-map.[hash]
# what is inside, for the licence page
node licences.mjs > "$out/LICENCES.txt"
