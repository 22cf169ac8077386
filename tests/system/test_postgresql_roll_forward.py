# SPDX-License-Identifier: Apache-2.0
"""A base backup that is made of an older one and the stored log: with the older one gone, every
later commit is still a directory with exactly what had committed, and the primary is untouched."""
import json
import os
import random
import re
import signal
import subprocess
import threading
import time

from archived import Archived
from harness import FAILED, Scratch, check, difference, fingerprint, main
from postgres import Server, give_to_user, program

SEED = int(os.environ.get("YORE_SEED", random.SystemRandom().randrange(1 << 32)))
MOMENTS = 20 if os.environ.get("YORE_LIMITS") == "full" else 3


class Cluster(Archived):
    def __init__(self, scratch, server):
        super().__init__(scratch, server, autovacuum="off")  # it fills segments when nobody writes
        self.copies = 0
        self.repo.yore("source", "add", "db", "--postgresql", server.conninfo)

    def roll(self, *options):
        return self.repo.yore("roll-forward", "db", *options, "--json").json()[-1]

    def transactions_at(self, moment):
        """Those whose rows a server on a copy has, which takes writes, too."""
        self.copies += 1
        target = self.scratch.path(f"copy-{self.copies}")
        self.repo.yore("restore", f"db@{moment}", "--to", target)
        with Server(data=target) as copy:
            copy.start()
            found = {int(xid) for xid in copy.psql("select txid from log").split()}
            copy.psql("update pgbench_accounts set abalance = 0; create table written (a int)")
            return found

    def write(self, clients=2, rounds=40):
        """Rows that carry their transactions, from several sides, with checkpoints between."""
        def client(number):
            for _ in range(rounds):
                self.server.psql(f"insert into log (client) values ({number})")
        writers = [threading.Thread(target=client, args=(n,)) for n in range(clients)]
        for writer in writers:
            writer.start()
        self.server.pgbench("-c", "2", "-T", "2", "-n")
        self.server.psql("checkpoint")
        for writer in writers:
            writer.join()

    def commits(self):
        """The transactions with a row, in the order of the log."""
        segments = [name for name in sorted(os.listdir(self.archive)) if len(name) == 24]
        done = subprocess.run([program("pg_waldump"), "--rmgr=Transaction", "-p", self.archive,
                               segments[0], segments[-1]],
                              capture_output=True, text=True, check=False)
        ours = {int(xid) for xid in self.server.psql("select txid from log").split()}
        xids = re.findall(r"tx: +(\d+), .*desc: COMMIT ", done.stdout)
        check(ours <= {int(xid) for xid in xids}, "the log has them all")
        return [int(xid) for xid in xids if int(xid) in ours]

    def seen_from_outside(self):
        """What rolling forward must leave alone at the primary."""
        sql = ("select (select count(*) || '/' || sum(txid) from log), "
               "(select sum(abalance) from pgbench_accounts), "
               "(select count(*) from pg_replication_slots)")
        return self.server.psql(sql), *sorted(os.listdir(self.archive))


def check_moments(cluster, commits, first, choice):
    """Of all commits from the `first` on: that one, the last one, and some between."""
    start = commits.index(first)
    later = range(start, len(commits))
    places = {start, later[-1], *choice.sample(later, min(MOMENTS, len(later)))}
    for place in sorted(places):
        there = cluster.transactions_at(f"xid-{commits[place]}")
        wanted = set(commits[:place + 1])
        check(there == wanted, f"xid-{commits[place]}: {there - wanted} too much, "
              f"{wanted - there} not there")


def every_later_moment_stays_exact():
    print("seed", SEED)
    choice = random.Random(SEED)
    with Scratch() as scratch, Server() as server:
        cluster = Cluster(scratch, server)
        server.psql("create table log (client int, txid bigint default txid_current())")
        server.pgbench("-i", "-s", "2", "-q")
        base = cluster.repo.yore("snapshot", "db", "--json").json()[-1]
        time.sleep(1.1)  # behind its end, as clocks tell
        cluster.write()
        first = int(server.psql("insert into log values (9) returning txid"))
        cluster.write()
        cluster.seen_from_outside()  # with checksums, who reads first writes log, too
        cluster.push()
        commits, before = cluster.commits(), cluster.seen_from_outside()

        rolled = cluster.roll("--to", f"xid-{first}")
        check(rolled["base_backup"]["rolled_from"] == base["name"], f"it says of what: {rolled}")
        check(rolled["base_backup"]["start"] > base["base_backup"]["start"], "less log is needed")
        told_where_one_looks(cluster.repo, rolled["name"], base["name"])
        after = cluster.seen_from_outside()
        check(after == before, f"the primary is as it was: {set(after) ^ set(before)}")
        check_moments(cluster, commits, first, choice)
        gone_and_exact(cluster, rolled, commits, first, choice)

        cluster.write(rounds=10)
        server.psql("insert into log values (9)")
        cluster.push()
        commits = cluster.commits()
        again = cluster.roll("--tag", "made=again")
        check(again["base_backup"]["rolled_from"] == rolled["name"], "it goes on from there")
        check(again["tags"] == {"made": "again"}, "it has its tag")
        gone_and_exact(cluster, again, commits, commits[-1], choice)
        taken = cluster.repo.yore("snapshot", "db", "--json").json()[-1]
        check("rolled_from" not in taken["base_backup"], "a server sent this one")


def told_where_one_looks(repo, rolled, base):
    mark = f"rolled forward from {base}"
    lines = repo.yore("snapshots", "db").out.splitlines()
    check([mark in line for line in lines[1:]] == [False, True], f"{lines}")
    shown = repo.yore("source", "show", "db").out
    check(mark in shown and f"last by a server  {base}" in shown, shown)
    found = repo.yore("check", "db").out
    check(f"is {rolled}" in found and mark in found and "the server sent the last" in found, found)
    told = repo.yore("windows", "db").out
    check(f"{rolled}" in told and mark in told, told)
    mount = repo.mount()
    with open(f"{mount}/db/windows.json", encoding="utf-8") as file:
        last = json.load(file)["windows"][-1]
    check(last["base_backup"] == rolled and last["rolled_from"] == base, f"{last}")
    with open(f"{mount}/db/at/latest.json", encoding="utf-8") as file:
        plan = json.load(file)
    check(plan["base_backup"]["rolled_from"] == base, f"{plan}")
    repo.umount(mount)


def gone_and_exact(cluster, rolled, commits, first, choice):
    """With what it was made of pruned and collected."""
    cluster.repo.yore("prune", "db", "--keep-last", "1", "--collect")
    check([each["name"] for each in cluster.snapshots()] == [rolled["name"]], "the others are gone")
    cluster.repo.yore("verify", "--level", "2")
    check_moments(cluster, commits, first, choice)
    there = cluster.transactions_at(rolled["name"])
    check(there == set(commits[:commits.index(first) + 1]), "the base backup itself starts")


def a_clone_keeps_its_base():
    """One of a later moment than where the base backup was rolled forward to: it is mounted again
    as it was, and what it was made of stays for it."""
    with Scratch() as scratch, Server() as server:
        cluster = Cluster(scratch, server)
        repo = cluster.repo
        server.psql("create table log (client int)")
        base = repo.yore("snapshot", "db", "--json").json()[-1]["name"]
        time.sleep(1.1)  # behind its end, as clocks tell
        first = int(server.psql("checkpoint; insert into log values (1) "
                                "returning pg_current_xact_id()").splitlines()[-1])
        server.psql("checkpoint; insert into log values (2)")
        cluster.push()
        clone = repo.yore("clone", "create", "db@latest", "kept", "--json").json()[-1]["directory"]
        try:
            with open(f"{clone}/written", "wb") as out:
                out.write(b"since")
                os.fsync(out.fileno())
            before = fingerprint(clone)
            rolled = cluster.roll("--to", f"xid-{first}")["name"]
            repo.yore("prune", "db", "--keep-last", "1", "--collect")
            there = [each["name"] for each in cluster.snapshots()]
            check(there == [base, rolled], f"the clone holds its base: {there}")
            os.kill(repo.yore("info", "--json").json()[-1]["owner"]["pid"], signal.SIGKILL)
            repo.yore("clone", "mount", "kept")
            now = difference(before, fingerprint(clone))
            check(not now, f"it is what it was: {now}")
        finally:
            repo.yore("clone", "remove", "kept")
        repo.yore("prune", "db", "--keep-last", "1", "--collect")
        check([each["name"] for each in cluster.snapshots()] == [rolled], "nothing holds it now")


def refused_before_and_after():
    with Scratch() as scratch, Server() as server:
        cluster = Cluster(scratch, server)
        repo = cluster.repo
        repo.yore("source", "add", "home", "--directory", server.place)

        def refused(*arguments, words=()):
            result = repo.yore("roll-forward", *arguments, expect=FAILED)
            for word in words:
                check(word in result.err, f"no '{word}' in: {result.err}")
        refused("home", words=["is a directory"])
        refused("db", words=["nothing is stored"])
        repo.yore("snapshot", "db")
        refused("db", words=["nothing to roll forward"])
        time.sleep(1.1)
        server.psql("create table log as select 1 a")
        cluster.push()
        refused("db", words=["no checkpoint between", "CHECKPOINT"])
        check(repo.yore("clone", "list").out.strip() == "", "nothing is left of it")
        space = os.path.join(server.place, "space")
        os.makedirs(space)
        give_to_user(space)
        server.psql(f"create tablespace apart location '{space}'")
        server.psql("checkpoint; insert into log values (2)")
        cluster.push()
        refused("db", words=["makes tablespace", "yore snapshot db"])
        check(len(cluster.snapshots()) == 1, "no snapshot was made")


if __name__ == "__main__":
    main(every_later_moment_stays_exact, a_clone_keeps_its_base, refused_before_and_after)
