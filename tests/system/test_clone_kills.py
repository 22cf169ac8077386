# SPDX-License-Identifier: Apache-2.0
"""A clone beside a plain directory, under random operations, while its server is killed now and
then in the middle of one: when it is back, all that was acknowledged is there, synced or not.

YORE_LIMITS=full does it for long, YORE_SEED repeats a run (but not what the kills meet).
"""
import os
import random
import shlex
import signal
import subprocess

from clones import cloned
from harness import BINARY, check, command, main, same_trees

MODEL = os.environ["FILE_MODEL"]
SEED = int(os.environ.get("YORE_SEED", random.SystemRandom().randrange(1 << 32)))
STEPS = 60_000 if os.environ.get("YORE_LIMITS") == "full" else 1000


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


if __name__ == "__main__":
    main(nothing_acknowledged_is_lost_in_kills)
