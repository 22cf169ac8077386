# SPDX-License-Identifier: Apache-2.0
"""The data sets of the comparison, made from Debian packages and fixed seeds.

Each set is a directory below the data directory; a stamp beside it names the recipe, so that a
set is made once, and made again only when its recipe changes.
"""
from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

MIB = 1024 * 1024
POSTGRES_BIN = Path("/usr/lib/postgresql/15/bin")
LINUX_TARBALL = Path("/usr/src/linux-source-6.1.tar.xz")

PGBENCH_SCALE = 150
PGBENCH_SECONDS = 60
POSTGRES_SETTINGS = """
listen_addresses = ''
shared_buffers = 256MB
max_wal_size = 512MB
timezone = 'UTC'
log_timezone = 'UTC'
"""


def make(name: str, data: Path) -> Path:
    """Returns the directory of set `name`, made now if it is not there yet."""
    recipe, build = RECIPES[name]
    directory, stamp = data / name, data / f"{name}.made"
    if stamp.exists() and stamp.read_text() == recipe and directory.is_dir():
        return directory
    print(f"making data set {name}: {recipe}", file=sys.stderr)
    shutil.rmtree(directory, ignore_errors=True)
    data.mkdir(parents=True, exist_ok=True)
    build(directory)
    os.sync()
    stamp.write_text(recipe)
    return directory


def make_cluster(directory: Path) -> None:
    as_postgres_owned(directory)
    run_as_postgres("initdb", "-D", directory, "-k", "-A", "trust", "--locale=C", "-E", "UTF8")
    with open(directory / "postgresql.conf", "a", encoding="utf-8") as settings:
        settings.write(POSTGRES_SETTINGS)
    with_server(directory, "pgbench", "-i", "-q", "-s", str(PGBENCH_SCALE))


def make_changed_cluster(directory: Path) -> None:
    before = make("a", directory.parent)
    subprocess.run(["cp", "-a", "--reflink=never", before, directory], check=True)
    with_server(directory, "pgbench", "-c", "4", "-j", "2", "-T", str(PGBENCH_SECONDS))


def make_linux(directory: Path) -> None:
    if not LINUX_TARBALL.exists():
        raise SystemExit(f"no {LINUX_TARBALL}: run tools/install-packages bench")
    directory.mkdir()
    subprocess.run(["tar", "-C", directory, "--strip-components=1", "--no-same-owner",
                    "-xf", LINUX_TARBALL], check=True)


def make_random(directory: Path) -> None:
    """1.5 GiB of random bytes, then 0.5 GiB of pieces of it, taken from odd offsets."""
    directory.mkdir()
    fresh, total, choice = 1536 * MIB, 2048 * MIB, random.Random(20_261_121)
    with open(directory / "random.bin", "w+b") as file:
        for _ in range(fresh // (16 * MIB)):
            file.write(choice.randbytes(16 * MIB))
        written = fresh
        while written < total:
            length = min(choice.randrange(1 * MIB, 8 * MIB) | 1, total - written)
            file.seek(choice.randrange(0, fresh - length) | 1)
            piece = file.read(length)
            file.seek(0, os.SEEK_END)
            file.write(piece)
            written += length


def make_small_files(directory: Path) -> None:
    """300,000 files of 100 bytes of words, in 300 directories."""
    choice = random.Random(300_000)
    syllables = [c + v for c in "bcdfghklmnprstvw" for v in ("a", "e", "i", "o", "u", "an", "er")]
    words = ["".join(choice.choices(syllables, k=choice.randint(1, 4))) for _ in range(4000)]
    weights = [1.0 / (rank + 2) for rank in range(len(words))]
    for d in range(300):
        folder = directory / f"folder-{d:03}"
        folder.mkdir(parents=True)
        for f in range(1000):
            text = " ".join(choice.choices(words, weights, k=60))[:99] + "\n"
            (folder / f"note-{f:04}.txt").write_text(text, encoding="ascii")


def as_postgres_owned(directory: Path) -> None:
    directory.mkdir()
    shutil.chown(directory, "postgres", "postgres")
    directory.chmod(0o700)


def run_as_postgres(program: str, *arguments: object, **options: object) -> None:
    command = ["runuser", "-u", "postgres", "--", str(POSTGRES_BIN / program)]
    command += [str(argument) for argument in arguments]
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   cwd="/", **options)


def with_server(directory: Path, program: str, *arguments: str) -> None:
    """Runs a client program while the cluster's server is up; the server is stopped cleanly."""
    log, port = directory.parent / "postgres.log", "54329"
    log.touch()
    shutil.chown(log, "postgres")
    sockets = "/var/run/postgresql"
    run_as_postgres("pg_ctl", "-D", directory, "-l", log, "-w", "start", "-o",
                    f"-p {port} -k {sockets}")
    try:
        run_as_postgres(program, *arguments, "-h", sockets, "-p", port, "postgres",
                        stderr=subprocess.DEVNULL)
    finally:
        run_as_postgres("pg_ctl", "-D", directory, "-m", "fast", "-w", "-t", "300", "stop")


RECIPES = {
    "a": (f"pgbench cluster, scale {PGBENCH_SCALE}, checksums, stopped", make_cluster),
    "a2": (f"copy of a after {PGBENCH_SECONDS} s of pgbench, stopped", make_changed_cluster),
    "b": ("linux-source-6.1, unpacked", make_linux),
    "c": ("1.5 GiB random and 0.5 GiB copied from it at odd offsets, seed 20261121", make_random),
    "d": ("300,000 files of 100 bytes of words in 300 directories, seed 300000", make_small_files),
}
