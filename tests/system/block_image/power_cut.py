#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Runs a workload on ext4 on a disk that loses power at the n-th write, then checks what is left.

    backing file -> block_image (FUSE, volatile cache) -> loop device -> ext4 -> workload
    backing file ------------------------------------> loop device -> ext4 (replays) -> checker

Both are shell commands and find in their environment
    POWER_CUT_DIR    the file system's mountpoint, the same for both
    POWER_CUT_ACKS   a directory whose disk keeps its power, for what was acknowledged
The checker exits 0 when what was acknowledged is there. `--prepare` runs once before, with power.

The first run counts the workload's writes and cuts when it has ended; the others cut at writes that
are spread over the whole, with a seeded jitter.
"""
from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1024 * 1024
KEEPS = ("none", "half")


@dataclass
class Setup:
    block_image: str
    workload: str
    checker: str
    prepare: str = ""
    size_mib: int = 64
    cuts: int = 8
    seed: int = 1
    keeps: tuple[str, ...] = KEEPS
    timeout_s: float = 120
    grace_s: float = 5  # how long the workload may go on without power
    environment: dict[str, str] = field(default_factory=dict)


@dataclass
class Outcome:
    at_write: int  # 0: after the workload
    keep: str
    writes: int
    flushes: int
    sectors_lost: int
    workload_code: int
    checker_code: int
    checker_output: str

    @property
    def kept_its_word(self) -> bool:
        return self.checker_code == 0

    def __str__(self) -> str:
        when = f"at write {self.at_write}" if self.at_write else "after the workload"
        lost = f"{self.flushes} flushes, {self.sectors_lost} sectors lost, {self.keep} kept"
        verdict = "nothing lost" if self.kept_its_word else f"LOST: {self.checker_output.strip()}"
        return f"cut {when} ({lost}): {verdict}"


def unusable_because() -> str | None:
    """Why this machine cannot run power cuts; None when it can."""
    if os.geteuid() != 0:
        return "not root"
    if not os.path.exists("/dev/fuse") or not os.path.exists("/dev/loop-control"):
        return "no /dev/fuse or no /dev/loop-control"
    missing = [p for p in ("losetup", "mkfs.ext4", "e2fsck") if shutil.which(p) is None]
    return f"no {missing[0]}" if missing else None


def run_cuts(setup: Setup) -> list[Outcome]:
    scratch = Path(tempfile.mkdtemp(prefix="yore-power-cut-"))
    try:
        return cuts_in(scratch, setup)
    finally:
        shutil.rmtree(scratch)


def cuts_in(scratch: Path, setup: Setup) -> list[Outcome]:
    template = make_template(scratch, setup)
    first = run_one(scratch, setup, template, 0, setup.keeps[0])
    outcomes = [first]
    choice = random.Random(setup.seed)
    for number in range(setup.cuts):
        span = max(first.writes / setup.cuts, 1)
        at_write = max(1, int(number * span + choice.random() * span) + 1)
        keep = setup.keeps[number % len(setup.keeps)]
        outcomes.append(run_one(scratch, setup, template, at_write, keep))
    return outcomes


def make_template(scratch: Path, setup: Setup) -> Path:
    image = scratch / "template"
    with open(image, "wb") as file:
        file.truncate(setup.size_mib * MIB)
    run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
    acks = empty_directory(scratch / "acks-template")
    if setup.prepare:
        with mounted_loop(image, mountpoint_in(scratch)) as mountpoint:
            run("bash", "-c", setup.prepare, env=environment(setup, mountpoint, acks))
    return image


def run_one(scratch: Path, setup: Setup, template: Path, at_write: int, keep: str) -> Outcome:
    image, acks = scratch / "image", scratch / "acks"
    run("cp", "--sparse=always", template, image)
    shutil.rmtree(acks, ignore_errors=True)
    shutil.copytree(scratch / "acks-template", acks)
    seed = setup.seed * 1_000_003 + at_write
    with served_disk(scratch, setup, image, ["--keep", keep, "--seed", str(seed)]) as disk:
        with mounted_loop(disk / "image", mountpoint_in(scratch)) as mountpoint:
            before = read_counts(disk)
            if at_write:
                (disk / "control").write_text(f"cut {at_write}")
            workload_code = run_workload(setup, environment(setup, mountpoint, acks), disk)
            (disk / "control").write_text("cut")
        counts = read_counts(disk)
    with mounted_loop(image, mountpoint_in(scratch)) as mountpoint:
        checked = subprocess.run(["bash", "-c", setup.checker], check=False, text=True,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                 stderr=subprocess.STDOUT, timeout=setup.timeout_s,
                                 env=environment(setup, mountpoint, acks))
    run("e2fsck", "-fn", image)  # our disk lied only about what was not flushed
    return Outcome(at_write, keep, counts["writes"] - before["writes"],
                   counts["flushes"] - before["flushes"], counts["sectors_lost"],
                   workload_code, checked.returncode, checked.stdout)


def run_workload(setup: Setup, env: dict[str, str], disk: Path) -> int:
    """Runs it to its end, or until the grace after the cut or the timeout has passed."""
    process = subprocess.Popen(["bash", "-c", setup.workload], env=env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    deadline, cut_seen = time.monotonic() + setup.timeout_s, False
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
        if not cut_seen and read_counts(disk)["cut"]:
            cut_seen = True
            deadline = min(deadline, time.monotonic() + setup.grace_s)
    end_group(process)
    return process.returncode


def end_group(process: subprocess.Popen) -> None:
    """Also what the workload left behind in its process group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


@contextmanager
def served_disk(scratch: Path, setup: Setup, image: Path, options: list[str]):
    mountpoint = empty_directory(scratch / "disk")
    process = subprocess.Popen([setup.block_image, mountpoint, image, *options],
                               stdin=subprocess.DEVNULL)
    try:
        wait_until(lambda: os.path.ismount(mountpoint) or process.poll() is not None,
                   "block_image to mount")
        yield mountpoint
    finally:
        process.terminate()
        process.wait(timeout=30)


@contextmanager
def mounted_loop(image: Path, mountpoint: Path):
    """A loop device over `image`, mounted as ext4. Both are gone afterwards."""
    device = run("losetup", "--show", "--find", image).strip()
    try:
        run("mount", "-t", "ext4", device, mountpoint)
        try:
            yield mountpoint
        finally:
            run("umount", mountpoint)
    finally:
        run("losetup", "--detach", device)
        wait_until(lambda: not is_attached(device, image), f"{device} to be detached")


def is_attached(device: str, image: Path) -> bool:
    listed = subprocess.run(["losetup", "--noheadings", "--output", "BACK-FILE", device],
                            capture_output=True, text=True, check=False)
    return listed.stdout.strip() == str(image)


def read_counts(disk: Path) -> dict:
    return json.loads((disk / "control").read_text())


def environment(setup: Setup, mountpoint: Path, acks: Path) -> dict[str, str]:
    return {**os.environ, **setup.environment, "POWER_CUT_DIR": str(mountpoint),
            "POWER_CUT_ACKS": str(acks)}


def mountpoint_in(scratch: Path) -> Path:
    path = scratch / "mnt"
    path.mkdir(exist_ok=True)
    return path


def empty_directory(path: Path) -> Path:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    return path


def wait_until(condition, what: str, timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s} s for {what}")
        time.sleep(0.01)


def run(*command: object, **options: object) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.STDOUT, check=False, **options)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: exit {done.returncode}\n{done.stdout}")
    return done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--block-image", required=True, help="the program")
    parser.add_argument("--workload", required=True)
    parser.add_argument("--checker", required=True)
    parser.add_argument("--prepare", default="")
    parser.add_argument("--size-mib", type=int, default=64)
    parser.add_argument("--cuts", type=int, default=8, help="besides the one at the end")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--keep", choices=[*KEEPS, "both"], default="both",
                        help="what of the unflushed sectors survives")
    arguments = parser.parse_args()
    reason = unusable_because()
    if reason:
        print(f"power cuts cannot be made here: {reason}", file=sys.stderr)
        return 77
    keeps = KEEPS if arguments.keep == "both" else (arguments.keep,)
    outcomes = run_cuts(Setup(arguments.block_image, arguments.workload, arguments.checker,
                              arguments.prepare, arguments.size_mib, arguments.cuts,
                              arguments.seed, keeps))
    print(f"seed {arguments.seed}")
    for outcome in outcomes:
        print(outcome)
    return 0 if all(outcome.kept_its_word for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
