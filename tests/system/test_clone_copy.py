# SPDX-License-Identifier: Apache-2.0
"""Clones of clones: what the first one is now, and then each by itself."""
import os
import signal
import threading
import time

from clones import cloned, read, runs, until, write
from harness import Scratch, check, difference, fingerprint, main
from postgres import Server
from postgres_clones import Acknowledged, server_of
from test_clone_server import Orders, ask


def change(directory):
    write(f"{directory}/d0/e0/f0", b"changed")
    os.rename(f"{directory}/d1", f"{directory}/moved")
    os.unlink(f"{directory}/d2/e2/f2")
    with open(f"{directory}/new", "wb") as new:
        new.seek(3 << 20)
        new.write(b"behind a hole" * 1000)
    with open(f"{directory}/sparse", "r+b") as file:
        file.seek(100)
        file.write(b"in the hole")


def each_goes_on_by_itself():
    with cloned() as c:
        moment = fingerprint(c.home)
        first = c.create("first")
        change(first)
        before = fingerprint(first)
        copy = c.create("copy", "--at", c.scratch.path("copy"), "--scratch", c.scratch.root,
                        "--ttl", "2h", "--max-bytes", "50M", moment="first")
        check(not difference(before, fingerprint(copy)), "it is the first one")
        shown = c.show("copy")
        check(shown["moment"] == c.show("first")["moment"] and shown["until"]
              and shown["max_bytes"] == 50 << 20, f"{shown}")
        check(c.show("first")["until"] is None, "the first one's limits are its own")
        check(sorted(c.holds()) == ["copy", "first"], "each has a hold")
        write(f"{copy}/new", b"of the copy")
        write(f"{first}/d0/e0/f0", b"of the first")
        check(read(f"{first}/new")[-13:] == b"behind a hole", "the first one does not see it")
        check(read(f"{copy}/d0/e0/f0") == b"changed", "nor the copy")

        wanted = fingerprint(copy)
        c.repo.yore("clone", "remove", "first")
        c.take()
        c.repo.yore("prune", "home", "--keep-last", "1", "--collect")
        check(not difference(wanted, fingerprint(copy)), "it holds what it needs")
        c.kill_owner()
        c.repo.yore("clone", "mount", "copy")
        check(not difference(wanted, fingerprint(copy)), "after a kill, too")
        third = c.create("third", moment="copy")
        check(not difference(wanted, fingerprint(third)), "a copy of a copy")
        c.repo.yore("clone", "reset", "third")
        check(not difference(moment, fingerprint(third)), "the moment again")
        c.repo.yore("clone", "snapshot", "copy")
        stored = c.create("stored", moment="copy@latest")
        check(not difference(wanted, fingerprint(stored)), "it is stored as any clone is")


def what_cannot_be_copied_is_refused():
    with cloned() as c:
        first = c.create("first")
        write(f"{first}/large", b"x" * 200_000)
        c.refused("create", "none", "copy", words=("there is no clone none",))
        c.refused("create", "first", "first", words=("already",))
        c.refused("create", "first", "copy", "--max-bytes", "100K", words=("max_bytes", "first"))
        c.refused("create", "first", "copy", "--start", words=("cluster",))
        check(c.names() == ["first"] and c.holds() == ["first"], "nothing is left of them")
        check(os.listdir(c.repo.path + "/clones") == ["first"], "nor of their changes")
        c.create("copy", "--max-bytes", "300K", moment="first")
        c.repo.yore("clone", "remove", "first")
        try:
            write(f"{c.show('copy')['directory']}/more", b"x" * 200_000)
            check(False, "more than it may have")
        except OSError:
            pass


def is_whole_or_not_there_after_a_kill():
    with cloned() as c:
        first = c.create("first")
        for number in range(400):
            write(f"{first}/many{number}", os.urandom(20_000), sync=False)
        wanted = fingerprint(first)

        def states():
            rows = c.repo.yore("clone", "list", "--json").json()
            return {row["clone"]: row["state"] for row in rows if row.get("event") == "clone"}

        def is_settled():
            there = states()
            return (set(there.values()) == {"mounted"} and sorted(c.holds()) == sorted(there)
                    and sorted(os.listdir(c.repo.path + "/clones")) == sorted(there))
        for turn in range(12):
            name = f"copy{turn}"
            making = threading.Thread(target=c.repo.run, args=("clone", "create", "first", name))
            owner = c.owner()
            making.start()
            time.sleep(0.02 * turn)
            os.kill(owner, signal.SIGKILL)
            making.join()
            until(lambda process=owner: not runs(process), "the owner is gone")
            c.repo.yore("clone", "mount", "first")
            until(is_settled, "each is mounted, or nothing is left of it")
            if name in c.names():
                there = difference(wanted, fingerprint(c.show(name)["directory"]))
                check(not there, f"it is whole: {there}")
                c.repo.yore("clone", "remove", name)
        check(not difference(wanted, fingerprint(first)), "the first one is as it was")


def servers_recover_on_copies():
    """Of a clone whose server is written to meanwhile."""
    with Server() as db, Scratch() as scratch:
        orders = Orders(db, scratch)
        moment = orders.moment_after("insert into t select generate_series(1, 500)")
        try:
            orders.create(moment, "first", "--durable")
            client = Acknowledged(server_of(orders.repo, "first"))
            client.thread.start()
            until(lambda: len(client.rows) >= 20, "rows are written")
            for name in ("a", "b"):
                before = list(client.rows)
                orders.create("first", name)
                there = set(map(int, ask(orders.show(name),
                                         "select number from acknowledged").split()))
                check(there >= set(before), f"acknowledged before the copy: {set(before) - there}")
                check(ask(orders.show(name), "select count(*) from t") == "1500", "the moment's")
                check(ask(orders.show(name), "show cluster_name") == name, "its own server")
            ask(orders.show("a"), "drop table acknowledged")
            count = len(client.rows)
            until(lambda: len(client.rows) > count, "the first one goes on")
            os.kill(orders.show("first")["server"]["process"], signal.SIGKILL)
            client.thread.join(60)
            orders.repo.yore("clone", "remove", "--force", "first")
            check(ask(orders.show("b"), "select count(*) > 0 from acknowledged") == "t", "b stays")
        finally:
            orders.remove_all()


if __name__ == "__main__":
    main(each_goes_on_by_itself, what_cannot_be_copied_is_refused,
         is_whole_or_not_there_after_a_kill, servers_recover_on_copies)
