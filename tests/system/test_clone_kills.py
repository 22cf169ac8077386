# SPDX-License-Identifier: Apache-2.0
"""A clone beside a plain directory, under random operations, while its server is killed now and
then in the middle of one: when it is back, all that was acknowledged is there, synced or not. And
kills while the clone is stored, or reset, with several writers.

YORE_LIMITS=full does it for long, YORE_SEED repeats a run (but not what the kills meet).
"""
import os
import random
import shlex
import signal
import subprocess
import threading
import time

from clones import cloned, read, runs, until
from harness import BINARY, check, command, main, same_trees

MODEL = os.environ["FILE_MODEL"]
SEED = int(os.environ.get("YORE_SEED", random.SystemRandom().randrange(1 << 32)))
IS_LONG = os.environ.get("YORE_LIMITS") == "full"
STEPS = 60_000 if IS_LONG else 1000
ROUNDS = 100 if IS_LONG else 6
WRITERS = 3


def revive(c, name):
    """A command: mounts the clone, and prints the number of the process that serves it."""
    program = shlex.quote(BINARY)
    return (f"{program} clone mount {name} >&2 && {program} info --json | "
            "grep -o '\"pid\":[0-9]*' | cut -d: -f2")


def nothing_acknowledged_is_lost_in_kills():
    print("seed", SEED)
    with cloned() as c:
        clone, plain = c.create("test", "--at", c.scratch.path("test")), c.scratch.path("plain")
        command("cp", "-a", clone, plain)
        same_trees(plain, clone)
        done = subprocess.run([MODEL, "run", plain, clone, str(SEED), str(STEPS), "50",
                               revive(c, "test")], env=c.repo.environment, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
        check(done.returncode == 0, done.stdout + done.stderr[-1000:])
        print(done.stdout.strip())
        c.repo.yore("clone", "reset", "test")
        same_trees(c.home, clone)


def line(number):
    return b"%07d\n" % number


class Writer(threading.Thread):
    """Appends numbered lines to a file, each synced before it counts, until told to end or one
    fails."""

    def __init__(self, path, count):
        super().__init__(daemon=True)
        self.path, self.count, self.ends = path, count, False
        self.start()

    def run(self):
        try:
            fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        except OSError:
            return
        try:
            while not self.ends:
                os.write(fd, line(self.count))
                os.fdatasync(fd)
                self.count += 1
        except OSError:
            pass  # its server was killed
        finally:
            os.close(fd)

    def end(self):
        self.ends = True
        self.join(60)
        check(not self.is_alive(), f"{self.path}: a write goes on for ever")
        return self.count


def numbers(directory, at_least, what):
    """How many lines each writer's file has: all that count, and in order."""
    found = []
    for writer, least in enumerate(at_least):
        path = f"{directory}/writer{writer}"
        got = read(path) if os.path.exists(path) else b""
        count = len(got) // len(line(0))
        check(got == b"".join(map(line, range(count))), f"{what}: writer {writer} in order")
        check(count >= least, f"{what}: writer {writer} has {count} lines, not {least}")
        found.append(count)
    return found


def killed_amid(c, choice, *arguments):
    """A command of the clone, whose server is killed before long. Whether it had succeeded."""
    owner = c.owner()
    begun = c.repo.start("clone", *arguments)
    time.sleep(choice.choice((0.02, 0.1, 0.3)) * choice.random())
    os.kill(owner, signal.SIGKILL)
    until(lambda: not runs(owner), "the owner is gone")
    begun.communicate(timeout=120)
    c.repo.yore("clone", "mount", "test")
    return begun.returncode == 0


def kills_amid_storing_and_resetting_leave_whole_ones():
    print("seed", SEED)
    choice, stored = random.Random(SEED), {}
    with cloned() as c:
        clone = c.create("test", "--at", c.scratch.path("test"))
        there = [0] * WRITERS
        for number in range(ROUNDS):
            writers = [Writer(f"{clone}/writer{i}", count) for i, count in enumerate(there)]
            time.sleep(0.05)
            before = [writer.count for writer in writers]
            killed_amid(c, choice, "snapshot", "test")
            there = numbers(clone, [writer.end() for writer in writers], f"round {number}")
            for name in snapshots(c):
                stored.setdefault(name, before)
            if number % 2 == 1:
                done = killed_amid(c, choice, "reset", "test")
                if done or not os.path.exists(f"{clone}/writer0"):
                    same_trees(c.home, clone)
                    there = [0] * WRITERS
                else:
                    there = numbers(clone, there, f"reset in round {number}")
        mount = c.repo.mount()
        for name, before in stored.items():
            numbers(f"{mount}/test/snapshots/{name}", before, f"snapshot {name}")
        print(f"{len(stored)} of {ROUNDS} stored")
        c.repo.umount(mount)
        c.repo.yore("verify", "--level", "2")


def snapshots(c):
    listed = c.repo.run("snapshots", "test", "--json")
    return [row["name"] for row in listed.json() if "name" in row] if listed.code == 0 else []


if __name__ == "__main__":
    main(nothing_acknowledged_is_lost_in_kills, kills_amid_storing_and_resetting_leave_whole_ones)
