# SPDX-License-Identifier: Apache-2.0
"""Running and measuring: commands, caches, mounts, reads. Nothing here knows a backup tool."""
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

MIB = 1024 * 1024
MOUNT_TIMEOUT_S = 120


@dataclass(frozen=True)
class Run:
    seconds: float
    peak_mib: float  # resident memory of the process


def run(*command: object, env: dict[str, str] | None = None, cwd: Path | None = None,
        also_fine: tuple[int, ...] = ()) -> Run:
    """Runs a command to its end; a failure shows what it said."""
    words = [str(word) for word in command]
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, cwd=cwd,
                                   stderr=subprocess.STDOUT, env={**os.environ, **(env or {})})
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in (0, *also_fine):
            log.seek(0)
            said = log.read().decode(errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(words)}: exit {process.returncode}\n{said}")
    return Run(seconds, usage.ru_maxrss / 1024)


def make_cold() -> None:
    os.sync()
    Path("/proc/sys/vm/drop_caches").write_text("3")


def warm_memory(bytes_: int) -> None:
    """A virtual machine's host takes unused memory away: the first use of each page then costs more
    than copying it. After this so much of it is there."""
    taker = ("import mmap, sys; mmap.mmap(-1, int(sys.argv[1]), flags=mmap.MAP_PRIVATE |"
             " mmap.MAP_ANONYMOUS | mmap.MAP_POPULATE)")
    subprocess.run([sys.executable, "-c", taker, str(bytes_)], check=True)


def make_warm(tree: Path) -> None:
    """Reads everything once, names and content, and lets earlier writes reach the disk."""
    with subprocess.Popen(["tar", "-C", tree, "-cf", "-", "."], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL) as archiver:  # to /dev/null it would not read
        while archiver.stdout.read(MIB):
            pass
    os.sync()


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def bytes_below(path: Path) -> int:
    """The sizes of all files, as `du --apparent-size` counts them, without directories."""
    if path.is_file():
        return path.stat().st_size
    return sum(os.lstat(os.path.join(folder, name)).st_size
               for folder, _, names in os.walk(path) for name in names)


@contextmanager
def bound(directory: Path, at: Path, hidden: str | None = None) -> Iterator[Path]:
    """Shows `directory` at another path, so that its versions are one source; `hidden` is empty."""
    at.mkdir(parents=True, exist_ok=True)
    run("mount", "--bind", directory, at)
    try:
        if hidden:
            run("mount", "-t", "tmpfs", "-o", "size=1m", "none", at / hidden)
        try:
            yield at
        finally:
            if hidden:
                run("umount", at / hidden)
    finally:
        run("umount", at)


@dataclass
class Mounted:
    tree: Path
    pid: int  # 0: there is no process
    ready_seconds: float  # from the command to the first listing of `tree`

    def peak_mib(self) -> float:
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
        return 0.0


@contextmanager
def mounted(command: list[object], mountpoint: Path, tree: Callable[[], Path],
            env: dict[str, str]) -> Iterator[Mounted]:
    """Runs a file system in the foreground until its tree can be listed; unmounts it at the end."""
    mountpoint.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile() as log:
        started = time.perf_counter()
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL,
                                   stdout=log, stderr=subprocess.STDOUT,
                                   env={**os.environ, **env})
        try:
            listed = wait_for_listing(process, mountpoint, tree, log)
            yield Mounted(listed, process.pid, time.perf_counter() - started)
        finally:
            if os.path.ismount(mountpoint):
                run("umount", mountpoint)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for_listing(process: subprocess.Popen, mountpoint: Path, tree: Callable[[], Path],
                     log) -> Path:
    deadline = time.monotonic() + MOUNT_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        if os.path.ismount(mountpoint):
            try:
                path = tree()
                if os.listdir(path):
                    return path
            except FileNotFoundError:
                pass
        time.sleep(0.001)
    log.seek(0)
    raise RuntimeError(f"{mountpoint}: not mounted\n{log.read().decode(errors='replace')[-2000:]}")


def sequential_mib_per_s(file: Path, readers: int = 1) -> float:
    """Reads the whole file in MiB pieces; several readers take a part each."""
    pieces = file.stat().st_size // MIB
    each = -(-pieces // readers)
    started = time.perf_counter()
    processes = [subprocess.Popen(["dd", f"if={file}", "of=/dev/null", "bs=1M", "status=none",
                                   f"skip={number * each}", f"count={each}"])
                 for number in range(readers)]
    if any([process.wait() for process in processes]):
        raise RuntimeError(f"dd {file}: failed")
    return pieces / (time.perf_counter() - started)


def random_reads_per_s(file: Path, seconds: int = 8) -> float:
    """4 KiB reads at random places, one at a time."""
    name = str(file).replace(":", "\\:")  # fio separates names with colons
    done = subprocess.run(
        ["fio", "--name=random", f"--filename={name}", "--rw=randread", "--bs=4k", "--readonly",
         "--ioengine=psync", "--norandommap", "--time_based", f"--runtime={seconds}",
         "--randseed=4711", "--output-format=json"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    return json.loads(done.stdout[done.stdout.index("{"):])["jobs"][0]["read"]["iops"]
