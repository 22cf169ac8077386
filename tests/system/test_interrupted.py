# SPDX-License-Identifier: Apache-2.0
"""kill -9 of the real process at random moments: nothing acknowledged is lost."""
import os
import random
import signal
import time

from harness import (FAILED, INTERRUPTED, OK, Scratch, check, difference, fingerprint, main,
                     make_tree)

ROUNDS = int(os.environ.get("YORE_KILL_ROUNDS", "12"))


def names(repo):
    return [row["name"] for row in repo.yore("snapshots", "home", "--json").json()
            if "name" in row]


def kill_rounds():
    rng = random.Random(int(os.environ.get("YORE_SEED", "1")))
    with Scratch() as scratch:
        home = scratch.path("home")
        make_tree(home, files=60)
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "home", "--directory", home)
        acknowledged = set()
        for round_ in range(ROUNDS):
            with open(os.path.join(home, f"big{round_ % 3}"), "wb") as out:
                out.write(rng.randbytes(20_000_000))
            process = repo.start("snapshot", "home")
            time.sleep(rng.random() * 0.4)
            process.send_signal(signal.SIGKILL)
            if process.wait() == OK:
                acknowledged.add(len(acknowledged))
            listed = names(repo)
            check(len(listed) >= len(acknowledged), f"round {round_}: snapshots were lost")
        before = names(repo)
        repo.yore("snapshot", "home")
        check(set(before) < set(names(repo)), "an earlier snapshot went away")
        said = repo.yore("verify", "--level", "2").out
        check(said.startswith("level 2: ") and "no damage" in said, said)
        target = scratch.path("restored")
        repo.yore("restore", "home@latest", "--to", target)
        check(not difference(fingerprint(home), fingerprint(target)),
              f"restored tree differs: {difference(fingerprint(home), fingerprint(target))}")


def interrupt_is_clean():
    with Scratch() as scratch:
        home = scratch.path("home")
        os.makedirs(home)
        with open(os.path.join(home, "big"), "wb") as out:
            for _ in range(40):
                out.write(os.urandom(10_000_000))
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "home", "--directory", home)
        process = repo.start("snapshot", "home")
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        code = process.wait(timeout=20)
        check(code in (OK, INTERRUPTED), f"Ctrl-C: exit {code}")
        repo.yore("verify", "--level", "1")
        repo.yore("snapshot", "home")


def killed_mount_leaves_nothing_hanging():
    with Scratch() as scratch:
        home = scratch.path("home")
        make_tree(home)
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "home", "--directory", home)
        repo.yore("snapshot", "home")
        mountpoint = repo.mount()
        owner = repo.yore("info", "--json").json()[-1]["owner"]["pid"]
        os.kill(owner, signal.SIGKILL)
        time.sleep(0.3)
        try:
            os.listdir(mountpoint)
            check(False, "a dead mount still answers")
        except OSError:
            check(True, "")
        # The dead mountpoint is taken over, not in the way.
        repo.yore("mount", mountpoint)
        check(os.listdir(os.path.join(mountpoint, "home", "snapshots")), "the mount came back")
        repo.umount(mountpoint)


if __name__ == "__main__":
    main(kill_rounds, interrupt_is_clean, killed_mount_leaves_nothing_hanging)
