#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Clones that are stored: the snapshot is the clone, and of it only what was changed is new."""
import os
import shutil
import subprocess

from clones import cloned, read, write
from harness import check, difference, fingerprint, main, make_tree, same_trees


def make_large_tree(home):
    make_tree(home)
    with open(f"{home}/large", "wb") as file:
        for _ in range(64):
            file.write(os.urandom(1 << 20))


def stored(c, *options):
    return c.repo.yore("clone", "snapshot", "test", *options, "--json").json()[-1]


def a_stored_clone_is_the_clone():
    with cloned() as c:
        clone = c.create("test")
        write(f"{clone}/d0/e0/f0", b"changed")
        os.rename(f"{clone}/d1", f"{clone}/moved")
        shutil.rmtree(f"{clone}/d2")
        shutil.copytree(c.home, f"{clone}/copied", symlinks=True)
        os.link(f"{clone}/moved/e0/f6", f"{clone}/d0/linked")
        os.mkfifo(f"{clone}/fifo")
        with open(f"{clone}/sparse", "r+b") as file:
            file.seek(1 << 20)
            file.write(b"in the hole")
        with open(f"{clone}/new sparse", "wb") as file:
            file.truncate(64 << 20)
        snapshot = stored(c, "--tag", "why=test")
        check(snapshot["source"] == "test", "a source of its name")
        check(snapshot["tags"] == {"clone": "test", "moment": f"home@{c.snapshot}", "why": "test"},
              f"{snapshot['tags']}")
        mount = c.repo.mount()
        top = f"{mount}/test/snapshots/{snapshot['name']}"
        same_trees(clone, top)
        check(not difference(fingerprint(clone), fingerprint(top)), "and in all details")
        c.repo.yore("clone", "create", f"test@{snapshot['name']}", "second")
        second = c.show("second")["directory"]
        same_trees(clone, second)
        write(f"{second}/moved/e0/f6", b"again")
        check(read(f"{second}/d0/linked") == b"again", "a hard link")
        check(read(f"{clone}/d0/linked") != b"again", "of its own")
        c.repo.umount(mount)
        c.repo.yore("verify", "--level", "2")


def only_what_was_changed_is_read():
    with cloned(make_large_tree) as c:
        clone = c.create("test")
        check(stored(c)["counts"]["bytes_read"] == 0, "nothing")
        with open(f"{clone}/large", "r+b") as file:
            file.seek(20 << 20)
            file.write(b"a few bytes")
        counts = stored(c, "--as", "other")["counts"]
        check(0 < counts["bytes_read"] <= 1 << 20, f"{counts}")
        check(counts["bytes_stored"] < 4096, f"a delta: {counts}")
        c.repo.yore("clone", "remove", "test")
        c.repo.yore("source", "remove", "home", "--purge", "home")
        c.repo.yore("collect")
        c.repo.yore("verify", "--level", "2")
        out = c.scratch.path("out")
        c.repo.yore("restore", "other@latest", "large", "--to", out)
        check(read(f"{out}/large")[20 << 20:][:11] == b"a few bytes", "it needs no other snapshot")


def it_is_one_instant():
    """Two files change in turn, always the first one first."""
    with cloned() as c:
        clone = c.create("test")
        writer = subprocess.Popen(["sh", "-c", f"""
            i=0; while [ ! -e '{c.home}/stop' ]; do i=$((i+1))
            echo $i >'{clone}/first'; echo $i >'{clone}/second'; done"""])
        mount = c.repo.mount()
        try:
            for _ in range(10):
                top = f"{mount}/test/snapshots/{stored(c)['name']}"
                if not os.path.exists(f"{top}/second"):
                    continue
                first, second = (read(f"{top}/{name}") for name in ("first", "second"))
                check(not first or not second or 0 <= int(first) - int(second) <= 1,
                      f"{first} and {second} were never there together")
        finally:
            write(f"{c.home}/stop", b"")
            writer.wait()
        c.repo.umount(mount)


def what_cannot_be_stored_is_refused():
    with cloned() as c:
        clone = c.create("test")
        c.refused("snapshot", "none", words=("none",))
        c.refused("snapshot", "test", "--as", "home", words=("home", "another name"))
        subprocess.run(["umount", clone], check=True)
        c.refused("snapshot", "test", words=("not mounted", "yore clone mount test"))


main(a_stored_clone_is_the_clone, only_what_was_changed_is_read, it_is_one_instant,
     what_cannot_be_stored_is_refused)
