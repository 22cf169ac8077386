# SPDX-License-Identifier: Apache-2.0
"""Clones as people use them: made, written to, listed, reset, removed; beside prune and collect,
over kills of their server, with limits, and what is refused."""
import errno
import os
import shutil
import signal
import time

from clones import cloned, read, until, write
from following import begin, end, wait_for
from harness import check, command, difference, errno_of, fingerprint, main, make_tree, same_trees


def it_is_the_moment_and_can_be_written_to():
    with cloned() as c:
        before = fingerprint(c.home)
        clone = c.create("test")
        check(clone == c.scratch.path("run", os.path.basename(os.path.dirname(os.path.dirname(
            clone))), "clones", "test"), f"in the place of the owner: {clone}")
        check(not difference(before, fingerprint(clone)), "it is the moment")
        same_trees(c.home, clone)
        write(f"{clone}/d0/e0/f0", b"changed")
        write(f"{clone}/new", b"new")
        os.rename(f"{clone}/d1", f"{clone}/moved")
        shutil.rmtree(f"{clone}/d2")
        with open(f"{clone}/sparse", "r+b") as file:
            file.seek(100)
            file.write(b"in the hole")
        check(read(f"{clone}/hard") == b"changed", "a hard link")
        check(read(f"{clone}/sparse")[100:111] == b"in the hole", "what was written")
        shown = c.show("test")
        check(shown["state"] == "mounted" and shown["moment"] == f"home@{c.snapshot}", f"{shown}")
        check(shown["changed_bytes"] > 0 and shown["changed_files"] >= 3, f"{shown}")
        mount = c.repo.mount()
        check(not difference(before, fingerprint(f"{mount}/home/snapshots/{c.snapshot}")),
              "the moment is as it was")
        check(c.names() == ["test"] and c.holds() == ["test"], "listed, and held")
        c.repo.yore("clone", "reset", "test")
        check(not difference(before, fingerprint(clone)), "the moment again")
        shown = c.show("test")
        check(shown["changed_bytes"] == 0 and shown["changed_files"] == 0, f"{shown}")
        c.repo.yore("clone", "remove", "test")
        check(c.names() == [] and c.holds() == [], "nothing is left")
        check(not os.path.exists(clone), "its directory is gone")
        check(os.listdir(c.repo.path + "/clones") == [], "and its changes")
        c.repo.umount(mount)


def two_clones_of_one_moment_know_nothing_of_each_other():
    with cloned() as c:
        one = c.create("one", "--at", c.scratch.path("a", "one"))
        two = c.create("two", moment=f"home@{c.snapshot}")
        write(f"{one}/hard", b"1")
        write(f"{two}/hard", b"2")
        check((read(f"{one}/hard"), read(f"{two}/hard")) == (b"1", b"2"), "each its own")
        c.repo.yore("clone", "remove", "one")
        check(not os.path.exists(one) and read(f"{two}/hard") == b"2", "the other one stays")


def files_in_use_keep_it():
    with cloned() as c:
        clone = c.create("test")
        with open(f"{clone}/sparse", "rb") as file:
            for verb in ("reset", "remove"):
                c.refused(verb, "test", words=("in use", "fuser -vm"))
            check(file.read(4) == bytes(4), "its reader goes on")
            check(c.show("test")["state"] == "mounted", "and it is there")
            c.repo.yore("clone", "remove", "test", "--force")
            check(errno_of(os.pread, file.fileno(), 1, 1 << 20) != 0, "now it gets errors")
        check(c.names() == [], "it is gone")


def prune_and_collect_take_nothing_of_it():
    with cloned() as c:
        before = fingerprint(c.home)
        clone = c.create("test")
        shutil.rmtree(f"{c.home}/d0")
        write(f"{c.home}/d1/e0/other", os.urandom(100_000))
        c.take()
        told = c.repo.yore("prune", "home", "--keep-last", "1").out
        check("of clone test" in told, f"the reason: {told}")
        c.repo.yore("collect")
        command("sh", "-c", "echo 3 > /proc/sys/vm/drop_caches")
        check(not difference(before, fingerprint(clone)), "all of it is there")
        number = str(c.show("test")["hold"])
        result = c.repo.yore("hold", "release", number, expect=1)
        check("yore clone remove test" in result.err, result.err)
        c.repo.yore("clone", "remove", "test")
        check(c.repo.yore("prune", "home", "--keep-last", "1", "--json").json()[-1]["removed"] == 1,
              "then it may go")


def what_was_written_survives_a_kill():
    with cloned() as c:
        clone = c.create("test", "--at", c.scratch.path("test"))
        for i in range(50):
            write(f"{clone}/synced{i}", os.urandom(3000) + b"end")
        with open(f"{clone}/sparse", "r+b") as file:
            file.seek(5000)
            file.write(b"here")
            os.fsync(file.fileno())
        os.rename(f"{clone}/d1", f"{clone}/moved")
        before = fingerprint(clone)
        c.kill_owner()
        until(lambda: errno_of(os.statvfs, clone) == errno.ENOTCONN, "a dead mount")
        check(c.show("test")["state"] == "unmounted", "which is told")
        c.repo.yore("clone", "mount", "test")
        check(not difference(before, fingerprint(clone)), "all is there")
        c.kill_owner()
        other = c.create("other")  # who begins to own the repository mounts all
        until(lambda: c.show("test")["state"] == "mounted", "the other one is mounted, too")
        check(not difference(before, fingerprint(clone)), "again")
        c.repo.yore("clone", "remove", "other")
        check(not os.path.exists(other), "the other one is gone")
        c.kill_owner()
        c.repo.yore("clone", "remove", "test")
        check(not os.path.exists(clone) and c.holds() == [], "removed where nobody serves it")


def a_mount_that_is_ended_by_hand_comes_back():
    with cloned() as c:
        clone, stays = c.create("test"), c.create("stays")
        write(f"{clone}/new", b"new")
        command("umount", clone)
        until(lambda: c.show("test")["state"] == "unmounted", "it is told")
        c.repo.yore("clone", "mount", "test")
        check(read(f"{clone}/new") == b"new" and os.path.ismount(stays), "it is back")


def a_server_takes_its_clones_along():
    with cloned() as c:
        config = c.scratch.path("serve.toml")
        with open(config, "w", encoding="utf-8") as out:
            out.write(f"repository = '{c.repo.path}'\n")
        clone = c.create("test")
        server = None
        for turn in range(2):  # from the owner of mounts, and from a server
            before, server = server, c.repo.start("serve", "--config", config, "--replace")
            until(lambda: c.repo.run("info", "--json").json()[-1]["owner"]["pid"] == server.pid,
                  "it took over")
            until(lambda: c.show("test")["state"] == "mounted", "and mounted it")
            check(before is None or before.wait(20) == 0, "the one before ended")
            write(f"{clone}/of-{turn}", b"written")
        with open(f"{clone}/sparse", "rb"):
            server.send_signal(signal.SIGTERM)
            check(server.wait(20) == 0, "it ends, though files are in use")
        check(not os.path.ismount(clone), "nothing is left mounted")
        c.repo.yore("clone", "mount", "test")
        check(read(f"{clone}/of-0") == read(f"{clone}/of-1") == b"written", "all is there")


def moments_between_snapshots_are_cloned():
    with cloned() as c:
        follower = begin(c.repo)
        write(f"{c.home}/followed", b"first")
        wait_for(lambda: "followed" in c.repo.run("ls", "home@latest").out, "it is stored")
        moment = c.repo.yore("ls", "home@latest", "--json").json()[0]["state"]
        check(moment != c.snapshot, f"between snapshots: {moment}")
        before = fingerprint(c.home)
        write(f"{c.home}/followed", b"second")
        end(follower)
        clone = c.create("test", "--at", c.scratch.path("test"), moment=f"home@{moment}")
        check(read(f"{clone}/followed") == b"first", "the moment")
        check(not difference(before, fingerprint(clone)), "all of it")
        write(f"{clone}/d0/mine", b"mine")
        c.take()
        c.repo.yore("prune", "home", "--keep-last", "1", "--collect")
        c.kill_owner()
        c.repo.yore("clone", "mount", "test")
        check(read(f"{clone}/followed") == b"first" and read(f"{clone}/d0/mine") == b"mine",
              "opened anew, it is the same")
        os.unlink(f"{clone}/d0/mine")
        now = fingerprint(clone)
        check({**now, "d0": 0} == {**before, "d0": 0}, f"the same: {difference(before, now)}")


def limits_are_told_by_the_call_that_meets_them():
    with cloned() as c:
        small = c.scratch.path("small")
        os.makedirs(small)
        command("mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", small)
        limited = c.create("limited", "--max-bytes", "1M")
        with open(f"{limited}/big", "wb", buffering=0) as out:
            check(errno_of(fill, out, 4 << 20) == errno.EDQUOT, "no more than the limit")
        os.unlink(f"{limited}/big")
        until(lambda: errno_of(write, f"{limited}/small", b"fits again") == 0, "space is back")
        full = c.create("full", "--scratch", small)
        check(os.listdir(small) == ["yore-clone-full"], "its changes lie where it was said")
        with open(f"{full}/big", "wb", buffering=0) as out:
            check(errno_of(fill, out, 64 << 20) == errno.ENOSPC, "no more than the disk")
        os.unlink(f"{full}/big")
        until(lambda: errno_of(write, f"{full}/small", b"fits again") == 0, "the space is back")
        c.refused("create", "home@latest", "full2", "--scratch", full, words=("mount of Yore",))
        for name in ("full", "limited"):
            c.repo.yore("clone", "remove", name)
        check(os.listdir(small) == [], "nothing is left there")
        command("umount", small)


def fill(out, size):
    for _ in range(0, size, 65536):
        out.write(os.urandom(65536))
        os.fsync(out.fileno())


def its_time_ends_it():
    with cloned() as c:
        clone, stays = c.create("short", "--ttl", "2s"), c.create("long", "--ttl", "1h")
        check(c.show("short")["until"] is not None, "it is told")
        with open(f"{clone}/sparse", "rb"):
            until(lambda: c.names() == ["long"], "it is gone, in use or not")
        check(os.path.ismount(stays) and c.holds() == ["long"], "the other one stays")
        jobs = c.repo.yore("jobs", "list", "--json").json()
        check(any(job.get("command") == "clone-remove" and job["scheduled"] and
                  job["state"] == "done" for job in jobs), "as a job")


def what_cannot_be_made_changes_nothing():
    with cloned() as c:
        c.create("test")
        full = c.scratch.path("not-empty")
        os.makedirs(full)
        write(f"{full}/f", b"")
        write(c.scratch.path("file"), b"")
        latest = ("create", "home@latest")
        for arguments, words in (
                ((*latest, "test"), ("clone test already", "clone remove")),
                ((*latest, "a/b"), ("clone name a/b", "letters")),
                (("create", "home@2001-01-01T00:00Z", "x"), ("nearest",)),
                (("create", "nobody@latest", "x"), ("no source",)),
                ((*latest, "x", "--at", full), ("not empty",)),
                ((*latest, "x", "--at", c.scratch.path("file")), ("not a directory",)),
                ((*latest, "x", "--at", c.repo.path + "/in"), ("inside itself",)),
                ((*latest, "x", "--scratch", c.scratch.path("none")), ("not a directory",)),
                ((*latest, "x", "--scratch", c.scratch.path("file")), ("not a directory",)),
                ((*latest, "x", "--scratch", "/proc"), ("/proc",)),
                ((*latest, "x", "--scratch", full, "--at", full), ("lie in each other",)),
                (("show", "x"), ("no clone x", "clone list")),
                (("reset", "x"), ("no clone x",)),
                (("remove", "x"), ("no clone x",))):
            c.refused(*arguments, words=words)
            check(c.names() == ["test"] and c.holds() == ["test"], f"{arguments}: as before")
            check(os.listdir(c.repo.path + "/clones") == ["test"], f"{arguments}: nothing left")
        check(sorted(os.listdir(full)) == ["f"], "nor there")
        check(not os.path.exists(c.repo.path + "/in"), "nor in the repository")


def what_was_interrupted_is_ended():
    """A record that was never whole, and a hold whose clone is gone from the disk."""
    with cloned() as c:
        c.create("test")
        c.create("gone")
        c.kill_owner()
        record = f"{c.repo.path}/clones/test/clone.json"
        with open(record, encoding="utf-8") as file:
            text = file.read()
        write(record, text.replace('"phase": "whole"', '"phase": "making"').encode())
        shutil.rmtree(f"{c.repo.path}/clones/gone")
        c.create("new")
        until(lambda: c.names() == ["new"] and c.holds() == ["new"], "both are no more")
        check(os.listdir(f"{c.repo.path}/clones") == ["new"], "nothing is left")


def programs_work_in_it():
    with cloned() as c:
        clone = c.create("test")
        if shutil.which("git"):
            git = ("git", "-c", "user.name=a", "-c", "user.email=a@b")
            command(*git, "init", "-q", f"{clone}/repo")
            for i in range(3):
                write(f"{clone}/repo/f{i}", os.urandom(50_000), sync=False)
                command(*git, "-C", f"{clone}/repo", "add", ".")
                command(*git, "-C", f"{clone}/repo", "commit", "-q", "-m", f"{i}")
            command(*git, "clone", "-q", f"{clone}/repo", f"{clone}/copy")
            command(*git, "-C", f"{clone}/copy", "gc", "-q")
            command(*git, "-C", f"{clone}/copy", "fsck", "--strict")
        if shutil.which("sqlite3"):
            database = f"{clone}/d0/data.sqlite"
            statements = ("PRAGMA journal_mode=wal; CREATE TABLE t(a INTEGER, b TEXT);"
                          "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n LIMIT 5000)"
                          "INSERT INTO t SELECT i, hex(randomblob(20)) FROM n;")
            command("sqlite3", database, statements)
            c.kill_owner()
            c.repo.yore("clone", "mount", "test")
            told = command("sqlite3", database, "PRAGMA integrity_check; SELECT count(*) FROM t")
            check(told.split() == [b"ok", b"5000"], f"{told}")


FOLDERS = 200 if os.environ.get("YORE_LIMITS") == "full" else 20


def many_files(root):
    for i in range(FOLDERS):
        os.makedirs(f"{root}/{i}")
        for j in range(100):
            with open(f"{root}/{i}/{j}", "wb") as out:
                out.write(b"%d" % j)


def it_is_there_at_once():
    with cloned(many_files) as c:
        c.create("first")  # its owner stays
        started = time.monotonic()
        clone = c.create("test")
        write(f"{clone}/10/50", b"changed")
        print(f"{100 * FOLDERS} files: made, and a file written and synced, in "
              f"{1000 * (time.monotonic() - started):.0f} ms")
        entries = sum(len(names) for _, _, names in os.walk(clone))
        check(entries == 100 * FOLDERS, f"{entries} files")


if __name__ == "__main__":
    main(it_is_the_moment_and_can_be_written_to,
         two_clones_of_one_moment_know_nothing_of_each_other, files_in_use_keep_it,
         prune_and_collect_take_nothing_of_it, what_was_written_survives_a_kill,
         a_mount_that_is_ended_by_hand_comes_back, a_server_takes_its_clones_along,
         moments_between_snapshots_are_cloned, limits_are_told_by_the_call_that_meets_them,
         its_time_ends_it, what_cannot_be_made_changes_nothing, what_was_interrupted_is_ended,
         programs_work_in_it, it_is_there_at_once)
