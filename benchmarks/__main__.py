"""Run every benchmark and print its table. Nothing here fails on a slow machine: figures are for reading."""

from __future__ import annotations

from benchmarks import publishing, replaying

if __name__ == "__main__":
    publishing.main()
    replaying.main()
