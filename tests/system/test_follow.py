# SPDX-License-Identifier: Apache-2.0
"""A followed directory: its moments are what was there, and what was missed is said."""
import datetime
import errno
import os
import shutil
import signal
import subprocess
import time

from following import STORED, begin, end, home_of, log_of, spans_of, wait_for
from harness import Scratch, check, command, errno_of, main, same_trees


def now():
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def copied(home, scratch, name):
    """A copy of what is there now, and a time at which it still was there."""
    copy = scratch.path(name)
    command("cp", "-a", home, copy)
    time.sleep(STORED)
    return copy, now()


def moments():
    with Scratch() as scratch, home_of(scratch) as (home, repo):
        point = repo.mount()
        process = begin(repo)
        states = []
        with open(f"{home}/d0/e0/f0", "w") as out:
            out.write("one")
        states.append(copied(home, scratch, "first"))
        os.rename(f"{home}/d1", f"{home}/renamed")
        os.unlink(f"{home}/link")
        os.setxattr(f"{home}/sparse", "user.note", b"here")
        states.append(copied(home, scratch, "second"))
        shutil.rmtree(f"{home}/renamed")
        os.chmod(f"{home}/d2", 0o700)
        states.append(copied(home, scratch, "third"))
        with open(f"{home}/last", "w") as out:
            out.write("x")
        time.sleep(STORED)
        for copy, moment in states:
            same_trees(copy, f"{point}/home/at/{moment}")
        same_trees(home, f"{point}/home/at/latest/.")
        listed = repo.yore("ls", f"home@{states[1][1]}").out.split()
        check("renamed" in listed and "d1" not in listed, f"the command opens it too: {listed}")
        version, = os.listdir(f"{point}/home/versions/last")
        with open(f"{point}/home/versions/last/{version}") as last:
            check(last.read() == "x", "a version that only the journal has yet")
        check(not spans_of(repo), "nothing is uncertain")
        end(process)
        wait_for(lambda: log_of(repo)[-2]["tree"], "the owner has closed the last segment")
        stored = {row["name"]: row["bytes"] for row in log_of(repo)
                  if row.get("event") == "segment"}
        shown = {entry.name: entry.stat().st_size
                 for entry in os.scandir(f"{point}/home/log/{os.listdir(f'{point}/home/log')[0]}")}
        check(stored == shown, f"log/ shows the segments that are stored: {stored} {shown}")


def install_package(scratch, root):
    """As apt does: dpkg unpacks beside each file and renames."""
    package = scratch.path("package")
    shutil.copytree("/usr/include/linux", f"{package}/opt/package", symlinks=True)
    os.makedirs(f"{package}/DEBIAN")
    with open(f"{package}/DEBIAN/control", "w") as out:
        out.write("Package: package\nVersion: 1\nArchitecture: all\nMaintainer: n <n@e>\n"
                  "Description: none\n")
    command("dpkg-deb", "-b", "-Znone", "--root-owner-group", package, f"{package}.deb")
    for directory in ("info", "updates"):
        os.makedirs(f"{root}/var/lib/dpkg/{directory}")
    with open(f"{root}/var/lib/dpkg/status", "w"):
        pass
    command("dpkg", f"--root={root}", "--force-all", "-i", f"{package}.deb")


def whole_programs():
    """What rsync, git and dpkg leave behind, at whatever pace."""
    with Scratch() as scratch, home_of(scratch) as (home, repo):
        point = repo.mount()
        process = begin(repo)
        command("rsync", "-a", "/usr/include/linux/", f"{home}/include/")
        git = ["git", "-C", home, "-c", "user.name=n", "-c", "user.email=e", "-c", "gc.auto=0"]
        command(*git, "init", "-q")
        command(*git, "add", "include")
        command(*git, "commit", "-qm", "first")
        command(*git, "checkout", "-qb", "other")
        command(*git, "rm", "-rq", "include/netfilter")
        command(*git, "commit", "-qm", "second")
        command(*git, "checkout", "-q", "-")
        command(*git, "checkout", "-q", "other")
        install_package(scratch, home)
        time.sleep(2 * STORED)
        same_trees(home, f"{point}/home/at/latest/.")
        end(process)


def killed():
    with Scratch() as scratch, home_of(scratch) as (home, repo):
        process = begin(repo)
        with open(f"{home}/before", "w") as out:
            out.write("stored")
        time.sleep(STORED)
        known = log_of(repo)[-2]["last_time"]
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        with open(f"{home}/missed", "w") as out:
            out.write("while nobody looked")
        process = begin(repo)
        end(process)
        spans = spans_of(repo)
        check(len(spans) == 1 and spans[0]["kind"] == "uncertain", f"one span: {spans}")
        check(spans[0]["from_time"] == known, f"from what was known: {spans}, {known}")
        check(spans[0]["reason"] == "it was not followed", "and why")
        point = repo.mount()
        same_trees(home, f"{point}/home/at/latest/.")
        windows = repo.yore("windows", "home").out
        check("uncertain from" in windows, f"the window tells: {windows}")
        repo.umount(point)
        repo.yore("verify", "--level", "2")


def refused():
    with Scratch() as scratch, home_of(scratch) as (home, repo):
        process = begin(repo)
        told = repo.yore("log", "follow", "home", expect=1)
        check("is followed already" in told.err, told.err)
        end(process)
        point = repo.mount()
        repo.yore("source", "add", "mount", "--directory", f"{point}/home")
        told = repo.yore("log", "follow", "mount", expect=1)
        check("fuse.yore" in told.err, f"the file system is named: {told.err}")


def never_quiet():
    """A file that is written all the time is marked while what is stored is known to be old."""
    mark = "user.yore.uncertain"
    with Scratch() as scratch, home_of(scratch) as (home, repo):
        point = repo.mount()
        process = begin(repo)
        seen = []  # moments; the last one has the mark

        def is_marked():
            seen.append(os.path.realpath(f"{point}/home/at/latest"))
            return errno_of(os.getxattr, f"{seen[-1]}/log", mark) == 0
        writer = subprocess.Popen(
            ["sh", "-c", f"while :; do echo line >> {home}/log; sleep 0.01; done"])
        try:
            wait_for(is_marked, "it is marked")
            check(os.listxattr(f"{seen[-1]}/log") == [], "the mark is not listed")
            name = os.path.basename(seen[-1])
            rows = repo.yore("find", f"home@{name}", "--name", "log", "--json").json()
            check(any(row.get("uncertain") for row in rows), f"JSON has it: {rows}")
            repo.yore("restore", f"home@{name}", "log", "--to", scratch.path("restored"))
            check(os.listxattr(scratch.path("restored", "log")) == [], "it is not restored")
        finally:
            writer.kill()
            writer.wait()
        shown = f"{point}/home/at/latest/log"
        wait_for(lambda: os.path.getsize(shown) == os.path.getsize(f"{home}/log"), "all is read")
        check(errno_of(os.getxattr, shown, mark) == errno.ENODATA, "and certain again")
        same_trees(home, f"{point}/home/at/latest/.")
        end(process)


main(moments, whole_programs, killed, refused, never_quiet)
