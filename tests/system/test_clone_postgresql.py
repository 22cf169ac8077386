# SPDX-License-Identifier: Apache-2.0
"""PostgreSQL's servers run on clones of a cluster's moments, and write there."""
import os
import signal

from clones import runs, until
from harness import Scratch, check, main
from postgres import Server


def follow_until(repo, db, moment):
    """It is stored, in a segment that is whole."""
    segment = db.psql("select pg_walfile_name(pg_switch_wal())").strip()
    follower = repo.start("log", "follow", "orders")

    def holds():
        rows_of_log = repo.run("log", "list", "orders", "--json").out
        return f'"{segment}"' in rows_of_log and repo.run("ls", moment).code == 0
    until(lambda: follower.poll() is not None or holds(), "it is followed")
    if follower.poll() is not None:
        check(False, f"it goes on: {follower.stderr.read().decode()}")
    follower.send_signal(signal.SIGINT)
    follower.wait(20)


def rows(server, table="t"):
    return int(server.psql(f"select count(*) from {table}"))


def used(directory, count):
    """A server on it answers like the moment, and takes writes."""
    with Server(data=directory) as copy:
        copy.start()
        until(lambda: copy.psql("select pg_is_in_recovery()").strip() == "f", "it recovers")
        check(rows(copy) == count, f"{rows(copy)} rows, not {count}")
        copy.psql("create table mine as select generate_series(1, 20000) i; checkpoint")
        copy.stop()


def servers_run_on_clones():
    with Server() as db, Scratch() as scratch:
        os.chmod(scratch.root, 0o755)
        db.initdb()
        db.configure(wal_level="replica", max_wal_senders=4)
        db.start()
        db.psql("create table t as select generate_series(1, 1000) i")
        repo = scratch.repository(encryption="none")
        repo.environment["YORE_RUNTIME_DIR"] = scratch.path("run")
        repo.yore("source", "add", "orders", "--postgresql", db.conninfo)
        repo.yore("snapshot", "orders")
        xid = db.psql("insert into t select generate_series(1, 500) returning "
                      "txid_current()").split()[0]
        moment = f"orders@xid-{xid}"

        follow_until(repo, db, moment)
        made = {}
        try:
            for name, options in (("a", ()), ("b", ("--max-bytes", "1G"))):
                made[name] = repo.yore("clone", "create", moment, name, "--at", scratch.path(name),
                                       "--allow-other", *options, "--json").json()[-1]
            used(made["a"]["directory"], 1500)
            owner = repo.yore("info", "--json").json()[-1]["owner"]["pid"]
            os.kill(owner, signal.SIGKILL)
            until(lambda: not runs(owner), "the owner is gone")
            later = db.psql("insert into t values (0) returning txid_current()").split()[0]
            follow_until(repo, db, f"orders@xid-{later}")
            for name in made:
                repo.yore("clone", "mount", name)
            used(made["b"]["directory"], 1500)
            with Server(data=made["a"]["directory"]) as again:
                again.start()
                check(rows(again, "mine") == 20000, "what was written is there")
            check(rows(db) > 1500, "the original goes on")
        finally:
            for name in made:
                repo.run("clone", "remove", "--force", name)


if __name__ == "__main__":
    main(servers_run_on_clones)
