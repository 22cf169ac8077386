# SPDX-License-Identifier: Apache-2.0
"""Any commit of a real PostgreSQL cluster as a data directory: exactly what had committed."""
import os
import random
import re
import subprocess
import threading
import time

from harness import check, main, Scratch
from postgres import Server

SEED = int(os.environ.get("YORE_SEED", random.SystemRandom().randrange(1 << 32)))
MOMENTS = 30 if os.environ.get("YORE_LIMITS") == "full" else 5


class Cluster:
    """A primary that archives into a repository, whose owner serves a mount."""
    def __init__(self, scratch, server):
        os.chmod(scratch.root, 0o755)
        self.scratch, self.server = scratch, server
        self.repo = scratch.repository(encryption="none")
        self.repo.yore("source", "add", "db", "--postgresql", server.conninfo)
        self.mount = self.repo.mount("--allow-other")
        self.archive = server.place + "/archived"
        os.makedirs(self.archive)
        os.chmod(self.archive, 0o777)
        server.initdb("--wal-segsize=1")
        server.configure(archive_mode="on", archive_command=f"cp %p {self.archive}/%f",
                         max_prepared_transactions="5")
        server.start()

    def push(self):
        """What the server has archived, in order; history files first."""
        self.server.psql("select pg_switch_wal()")
        last = self.server.psql("select pg_walfile_name(pg_current_wal_lsn() - 1)")
        deadline = time.monotonic() + 20
        while not os.path.exists(f"{self.archive}/{last}") and time.monotonic() < deadline:
            time.sleep(0.05)
        names = sorted(os.listdir(self.archive), key=lambda name: (len(name) != 16, name))
        for name in names:
            if not name.endswith(".backup"):
                self.repo.yore("log", "push", "db", f"{self.archive}/{name}")

    def opened(self, moment):
        """A server on a copy of a moment, by cp -a."""
        copy = self.scratch.path("copy-" + re.sub(r"[^A-Za-z0-9]", "-", moment))
        os.makedirs(copy)
        subprocess.run(["cp", "-a", f"{self.mount}/db/at/{moment}/.", copy], check=True)
        return Server(data=copy)


def write(server, client, rounds):
    """Rows that carry their transaction, which commits in one way or another."""
    for number in range(rounds):
        row = f"insert into log (client, number) values ({client}, {number})"
        server.psql([
            row,
            f"begin; {row}; savepoint s; insert into log values (-1, -1); rollback to s; commit",
            f"begin; {row}; prepare transaction 'p{client}-{number}';"
            f"commit prepared 'p{client}-{number}'",
            f"begin; {row}; create table t{client} as select 1 a; commit",
            f"begin; {row}; drop table t{client}; commit"][number % 5])


def commits(server):
    """The LSN of each commit record with its transaction, in the order of the log."""
    found = []
    for path in server.wal_files():
        done = subprocess.run(["/usr/lib/postgresql/15/bin/pg_waldump", "--rmgr=Transaction", path],
                              capture_output=True, text=True, check=False)
        for line in done.stdout.splitlines():
            plain = re.search(r"tx: +(\d+), lsn: (\S+),.*desc: COMMIT ", line)
            prepared = re.search(r"lsn: (\S+),.*desc: COMMIT_PREPARED (\d+):", line)
            if plain:
                found.append((plain[2].rstrip(","), int(plain[1])))
            elif prepared:
                found.append((prepared[1].rstrip(","), int(prepared[2])))
    return found


def name_of(lsn):
    """`0/03000060` as the mount writes it."""
    return "-".join(f"{int(part, 16):X}" for part in lsn.split("/"))


def each_commit_is_a_directory():
    print("seed", SEED)
    choice = random.Random(SEED)
    with Scratch() as scratch, Server() as server:
        cluster = Cluster(scratch, server)
        server.psql("create table log (client int, number int, txid bigint default txid_current())")
        cluster.repo.yore("snapshot", "db")
        writers = [threading.Thread(target=write, args=(server, client, 30)) for client in (1, 2)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        server.psql("select pg_create_restore_point('before')")
        server.psql("create table after_it as select 1 a")
        cluster.push()
        wrote = {int(txid) for txid in server.psql("select txid from log").split()}
        check(len(wrote) == 60, "sixty transactions, one row each")
        known = commits(server)
        ours = [place for place, (_, xid) in enumerate(known) if xid in wrote]
        for place in choice.sample(ours, MOMENTS):
            lsn, xid = known[place]
            for moment in (f"tl1-lsn-{name_of(lsn)}", f"xid-{xid}")[:1 + (place % 2)]:
                check_moment(cluster, moment, {xid for _, xid in known[:place + 1]} & wrote)
        with cluster.opened("point-before") as copy:
            copy.start()
            check(copy.psql("select count(*) from log") == "60", "all of it is there")
            check(copy.psql("select to_regclass('after_it') is null") == "t", "and no more")
        with cluster.opened("latest") as copy:
            copy.start()
            check(copy.psql("select a from after_it") == "1", "the last commit")
        check(int(server.psql("select count(*) from log")) == 60, "the primary is as it was")


def check_moment(cluster, moment, committed):
    with cluster.opened(moment) as copy:
        copy.start()
        there = {int(txid) for txid in copy.psql("select txid from log").split()}
        check(there == committed, f"{moment}: {there - committed} too much, "
              f"{committed - there} not there")
        copy.psql("create table written as select 1 a")


if __name__ == "__main__":
    main(each_commit_is_a_directory)
