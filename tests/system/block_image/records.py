#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The smallest honest database: `append COUNT` acknowledges records, `check` looks for them.

Each record is a line in one of four files. It is acknowledged, in another place, when the file is
synced, and its directory too if the file is new. With `--unsynced`, without any of that: a liar.
"""
from __future__ import annotations

import os
import sys
from pathlib import Path

FILE_COUNT = 4


def line_of(number: int) -> bytes:
    return f"{number:08} {number * 2_654_435_761 % 2**32:08x} {'x' * 2000}\n".encode()


def append(count: int, synced: bool) -> None:
    directory = Path(os.environ["POWER_CUT_DIR"])
    with open(Path(os.environ["POWER_CUT_ACKS"]) / "acks", "ab", buffering=0) as acks:
        for number in range(count):
            path = directory / f"records-{number % FILE_COUNT}"
            is_new = not path.exists()
            with open(path, "ab", buffering=0) as file:
                file.write(line_of(number))
                if synced:
                    os.fsync(file.fileno())
            if is_new and synced:
                sync_directory(directory)
            acks.write(b"%d\n" % number)


def sync_directory(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def check() -> int:
    """The number of acknowledged records that are not there as they were written."""
    directory = Path(os.environ["POWER_CUT_DIR"])
    acks = Path(os.environ["POWER_CUT_ACKS"]) / "acks"
    acknowledged = acks.read_bytes().split() if acks.exists() else []
    found = set()
    for path in directory.glob("records-*"):
        found.update(path.read_bytes().splitlines(keepends=True))
    lost = sum(line_of(int(number)) not in found for number in acknowledged)
    print(f"{lost} of {len(acknowledged)} acknowledged records are lost")
    return lost


if __name__ == "__main__":
    if sys.argv[1] == "check":
        sys.exit(1 if check() else 0)
    append(int(sys.argv[2]), "--unsynced" not in sys.argv)
