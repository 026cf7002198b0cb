"""The server's configuration: one machine, no replicas, nothing on the network."""

from __future__ import annotations

import os
from pathlib import Path

_GIB = 1024**3
_MIB = 1024**2


def memory_bytes() -> int:
    """Memory this process may use: the machine's, or the container's limit when that is lower."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(limit).read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return total


def shared_buffers_mib(memory: int) -> int:
    """A quarter of the memory, between 32 MiB and 1 GiB."""
    return max(32, min(memory // 4, _GIB) // _MIB)


def configuration(*, memory: int, throwaway: bool = False) -> str:
    """The text of our part of ``postgresql.conf``.

    Parameters
    ----------
    memory : bytes the server may count on.
    throwaway : a cluster for tests: nothing is flushed to disk, so it must not hold anything of worth.
    """
    lines = {
        "listen_addresses": "'127.0.0.1'",
        "unix_socket_directories": "''",  # no socket file: no limit of 107 bytes on its path, nobody else's folder
        "max_connections": "60",
        "shared_buffers": f"{128 if throwaway else shared_buffers_mib(memory)}MB",
        "effective_cache_size": f"{max(64, memory // 2 // _MIB)}MB",
        "work_mem": "32MB",
        "maintenance_work_mem": "256MB",
        # nobody replicates from this server: COPY into a table made in the same transaction then writes no log
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "2GB",
        "synchronous_commit": "on",
        "checkpoint_completion_target": "0.9",
        "random_page_cost": "1.1",
        "jit": "off",  # costs more than it gives on queries of some milliseconds
        "autovacuum": "on",
        "password_encryption": "'scram-sha-256'",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "lc_messages": "'C'",
        "logging_collector": "on",
        "log_directory": "'log'",
        "log_filename": "'postgresql-%a.log'",  # one file a weekday, overwritten after a week: never grows without end
        "log_truncate_on_rotation": "on",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_min_error_statement": "panic",  # a failed statement may hold a person's data
    }
    if throwaway:
        lines |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "logging_collector": "off"}
    return "# written by qorgan at every start; own settings go to postgresql.auto.conf\n" + "".join(
        f"{name} = {value}\n" for name, value in lines.items()
    )


HBA = """# written by qorgan: loopback only, always a password
host all all 127.0.0.1/32 scram-sha-256
"""
