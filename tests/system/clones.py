# SPDX-License-Identifier: Apache-2.0
"""What the tests of clones share."""
import contextlib
import os
import signal
import subprocess
import time

from harness import Scratch, check, make_tree


class Cloned:
    """A tree, a repository with a snapshot of it, and clones that go with the test."""

    def __init__(self, scratch, build=make_tree):
        self.scratch, self.home = scratch, scratch.path("home")
        os.chmod(scratch.root, 0o755)
        os.makedirs(self.home)
        build(self.home)
        self.repo = scratch.repository(encryption="none")
        self.repo.environment["YORE_RUNTIME_DIR"] = scratch.path("run")
        self.repo.yore("source", "add", "home", "--directory", self.home)
        self.snapshot = self.take()

    def take(self):
        return self.repo.yore("snapshot", "home", "--json").json()[-1]["name"]

    def create(self, name, *options, moment="home@latest"):
        """Its directory."""
        made = self.repo.yore("clone", "create", moment, name, *options, "--json").json()[-1]
        check(os.path.ismount(made["directory"]), f"{made['directory']} is mounted")
        return made["directory"]

    def show(self, name):
        return self.repo.yore("clone", "show", name, "--json").json()[-1]

    def names(self):
        rows = self.repo.yore("clone", "list", "--json").json()
        return [row["clone"] for row in rows if row.get("event") == "clone"]

    def holds(self):
        rows = self.repo.yore("hold", "list", "--json").json()
        return [row["clone"] for row in rows if "clone" in row]

    def owner(self):
        return self.repo.yore("info", "--json").json()[-1]["owner"]["pid"]

    def kill_owner(self):
        process = self.owner()
        os.kill(process, signal.SIGKILL)
        until(lambda: not runs(process), "the owner is gone")

    def refused(self, *arguments, words=(), expect=1):
        result = self.repo.yore("clone", *arguments, expect=expect)
        for word in words:
            check(word in result.err, f"clone {arguments}: no '{word}' in: {result.err}")


@contextlib.contextmanager
def cloned(build=make_tree):
    with Scratch() as scratch:
        c = Cloned(scratch, build)
        try:
            yield c
        finally:
            for name in c.names():
                c.repo.run("clone", "remove", "--force", name)
            for line in open("/proc/self/mountinfo", encoding="utf-8", errors="replace"):
                point = line.split()[4]
                if point.startswith(scratch.root + "/"):
                    subprocess.run(["umount", "-l", point], check=False)


def runs(process):
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(holds, text, seconds=15):
    deadline = time.monotonic() + seconds
    while not holds():
        check(time.monotonic() < deadline, text)
        time.sleep(0.02)


def write(path, content, sync=True):
    with open(path, "wb") as out:
        out.write(content)
        out.flush()
        if sync:
            os.fsync(out.fileno())


def read(path):
    with open(path, "rb") as file:
        return file.read()
