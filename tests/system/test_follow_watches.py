# SPDX-License-Identifier: Apache-2.0
"""How changes are learnt of: without root, up to the limits, and while mounts come and go."""
import os
import time

from following import STORED, begin, end, home_of, spans_of, wait_for
from harness import (AS_OTHER, OTHER_USER, Scratch, check, command, enter_own_mounts, main,
                     same_trees)


def without_root():
    """By inotify: directories that come, at whatever depth, and those that move, are followed."""
    with Scratch() as scratch:
        os.chmod(scratch.root, 0o777)
        home = scratch.path("home")
        os.makedirs(f"{home}/d0/e0")
        repo = scratch.repository(init=False, encryption="none")
        repo.environment["XDG_RUNTIME_DIR"] = scratch.root
        command("chown", "-R", f"{OTHER_USER}:{OTHER_USER}", home)
        repo.prefix = AS_OTHER
        repo.yore("init", "--encryption", "none")
        repo.yore("source", "add", "home", "--directory", home)
        process = begin(repo)
        os.makedirs(f"{home}/d1/e1/f1/g1")
        os.rename(f"{home}/d0", f"{home}/d1/moved")
        time.sleep(STORED)
        for directory in ("d1/e1/f1/g1", "d1/moved/e0"):
            with open(f"{home}/{directory}/file", "w") as out:
                out.write("where nobody looked before")
        time.sleep(STORED)
        check(process.poll() is None, "it goes on")
        end(process)
        check(not spans_of(repo), "nothing is uncertain")
        restored = scratch.path("restored")
        repo.prefix = []
        repo.environment["YORE_RUNTIME_DIR"] = scratch.path("run")
        repo.yore("restore", "home@latest", "--to", restored)
        same_trees(home, restored)


def watches_are_bounded():
    """A user namespace has a limit of its own, and no right to use fanotify."""
    with Scratch() as scratch, home_of(scratch) as (home, repo):
        repo.prefix = ["unshare", "-U", "--map-root-user", "sh", "-c",
                       "echo 3 > /proc/sys/user/max_inotify_watches && exec \"$@\"", "sh"]
        told = repo.yore("log", "follow", "home", expect=1)
        check(f"{home}: no more of its directories can be watched than 3" in told.err, told.err)
        check("hint: as root: `sysctl fs.inotify.max_user_watches=" in told.err, told.err)


def ends(process, text):
    wait_for(lambda: process.poll() is not None, "it ends")
    told = process.stderr.read().decode()
    check(process.returncode == 1 and text in told, f"{process.returncode}: {told}")


def mounts_come_and_go():
    with Scratch() as scratch, home_of(scratch) as (home, repo):
        process = begin(repo)
        command("mount", "-t", "tmpfs", "tmpfs", f"{home}/d0")
        ends(process, f"tmpfs is mounted below it, at {home}/d0; one file system is followed")
        command("umount", f"{home}/d0")
        command("mount", "-t", "tmpfs", "tmpfs", home)
        process = begin(repo)
        command("umount", "-l", home)
        ends(process, f"{home}: another directory is there now")


enter_own_mounts()
main(without_root, watches_are_bounded, mounts_come_and_go)
