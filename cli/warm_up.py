"""Compile every kernel once, during installation, so that no request and no job waits for a compiler."""

from __future__ import annotations

from etl import identity, near_duplicates
from etl.coercion import fixed_width
from geo_core import aoristic, cells, placement, visibility
from layers import copy_binary


def main() -> None:
    """Compile, or load from the cache what was compiled before."""
    for module in (cells, aoristic, visibility, placement, copy_binary, identity, near_duplicates, fixed_width):
        module.warm_up()


if __name__ == "__main__":
    main()
