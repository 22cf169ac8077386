# SPDX-License-Identifier: Apache-2.0
"""`yore clone create --start`: PostgreSQL's servers that Yore runs on clones of moments."""
import os
import shutil
import signal
import subprocess

from clones import runs, until
from harness import Scratch, check, main
from postgres import Server, give_to_user
from test_clone_postgresql import follow_until


class Orders:
    """A cluster whose table had 1000 rows at its base backup, and 1500 at `moment`."""

    def __init__(self, db, scratch):
        self.db, self.repo = db, scratch.repository(encryption="none")
        os.chmod(scratch.root, 0o755)
        self.repo.environment["YORE_RUNTIME_DIR"] = scratch.path("run")
        db.initdb()
        db.configure(wal_level="replica", max_wal_senders=4)
        db.start()
        db.psql("create table t as select generate_series(1, 1000) i")
        self.repo.yore("source", "add", "orders", "--postgresql", db.conninfo)
        self.repo.yore("snapshot", "orders")

    def moment_after(self, statement):
        xid = self.db.psql(f"begin; {statement}; select txid_current(); commit").split()[-1]
        moment = f"orders@xid-{xid}"
        follow_until(self.repo, self.db, moment)
        return moment

    def create(self, moment, name, *options):
        return self.repo.yore("clone", "create", moment, name, "--start", *options,
                              "--json").json()[-1]

    def show(self, name):
        return self.repo.yore("clone", "show", name, "--json").json()[-1]

    def remove_all(self):
        for clone in self.repo.run("clone", "list", "--json").json():
            if clone.get("event") == "clone":
                self.repo.run("clone", "remove", "--force", clone["clone"])


def ask(clone, query):
    """As its maker does: what `connect` says, with a query."""
    done = subprocess.run([*clone["server"]["connect"].split(), "-XAtqc", query], check=False,
                          capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    return done.stdout.strip()


def servers_answer_as_of_their_moment(orders, moment):
    clone = orders.create(moment, "a")
    server = clone["server"]
    check(ask(clone, "select count(*) from t") == "1500", "the rows of the moment")
    check(ask(clone, "select pg_is_in_recovery()") == "f", "it is promoted")
    check(ask(clone, "show cluster_name") == "a" and ask(clone, "show fsync") == "off", "settings")
    ask(clone, "create table mine as select generate_series(1, 20000) i")
    check(os.stat(f"/proc/{server['process']}").st_uid == os.stat(clone["directory"]).st_uid,
          "it runs as the owner of the data")
    durable = orders.create(moment, "b", "--durable", "--port", "6543")
    check(durable["server"]["port"] == 6543 and ask(durable, "show fsync") == "on", "durable")
    check(ask(durable, "select to_regclass('mine') is null") == "t", "clones are apart")
    check(orders.db.psql("select count(*) from t").strip() == "1500", "the original is")

    orders.repo.yore("clone", "reset", "b")
    check(ask(orders.show("b"), "select count(*) from t") == "1500", "after a reset it runs again")
    orders.repo.yore("clone", "remove", "b")
    check(runs(orders.show("a")["server"]["process"]), "the other one goes on")
    until(lambda: not runs(durable["server"]["process"]), "its server is gone with it")
    check(not os.path.exists(durable["server"]["socket_directory"]), "and its socket")


def servers_come_back(orders):
    """After a kill of who serves the clone, and after an end of their own."""
    before = orders.show("a")
    owner = orders.repo.yore("info", "--json").json()[-1]["owner"]["pid"]
    os.kill(owner, signal.SIGKILL)
    until(lambda: not runs(owner), "the owner is gone")
    orders.repo.yore("clone", "mount", "a")
    clone = orders.show("a")
    check(ask(clone, "select count(*) from mine") == "20000", "what was committed is there")
    check(not runs(before["server"]["process"]), "the server of before is gone")

    os.kill(clone["server"]["process"], signal.SIGINT)
    until(lambda: orders.show("a")["server"]["state"] == "ended", "that it ended is seen")
    orders.repo.yore("clone", "mount", "a")
    check(ask(orders.show("a"), "select count(*) from mine") == "20000", "it was started again")


def tablespaces_of_the_log_stay_inside(orders):
    """The log makes two: where the original has it, and where nothing is any more."""
    there, gone = (f"{orders.db.place}/{name}" for name in ("there", "gone"))
    for space in (there, gone):
        os.makedirs(space)
        give_to_user(space)
        name = os.path.basename(space)
        orders.db.psql(f"create tablespace {name} location '{space}'")
        orders.db.psql(f"create table in_{name} tablespace {name} as "
                       "select generate_series(1, 300) i")
    orders.db.psql("drop table in_gone")
    orders.db.psql("drop tablespace gone")
    shutil.rmtree(gone)
    moment = orders.moment_after("insert into in_there values (0)")
    before = sorted(os.walk(there))
    clone = orders.create(moment, "spaces")
    check(ask(clone, "select count(*) from in_there") == "301", "the table in the tablespace")
    ask(clone, "insert into in_there select generate_series(1, 100000)")
    ask(clone, "checkpoint")
    check(sorted(os.walk(there)) == before, "the original's place is as it was")
    check(os.listdir(gone) == [], "what the server's is seen through stays empty here")
    link = subprocess.run(["find", clone["directory"] + "/pg_tblspc", "-type", "l", "-printf",
                           "%l\n"], check=True, capture_output=True, text=True).stdout.split()
    check(link and all(target.startswith("../tablespaces/") for target in link), str(link))
    os.kill(clone["server"]["process"], signal.SIGQUIT)
    until(lambda: orders.show("spaces")["server"]["state"] == "ended", "it ended")
    orders.repo.yore("clone", "mount", "spaces")
    check(ask(orders.show("spaces"), "select count(*) from in_there") == "100301",
          "after a crash, too")
    check(sorted(os.walk(there)) == before, "the original's place is as it was")
    orders.repo.yore("clone", "remove", "spaces")
    check(not os.path.exists(gone), "it goes with the server")
    orders.db.psql("drop table in_there")


def moments_are_asked(orders, moment):
    """Without a clone of one's own; the running clone of the same state was written to."""
    repo = orders.repo

    def count(*options):
        return repo.yore("query", moment, "select count(*) from t", "-t", *options).out.strip()
    check(count() == "1500", "the rows of the moment")
    check(repo.yore("query", moment, "values (1, 'a,b')", "--format", "csv").out ==
          'column1,column2\n1,"a,b"\n', "as CSV")
    check(repo.yore("query", moment, "delete from t; select count(*) from t", "-t",
                    "--write").out.strip() == "0", "it may write")
    check(count() == "1500", "nothing of that is left")
    for sql, words in (("delete from t", "read-only"), ("selec", "syntax error"),
                       ("select 1/0", "division by zero")):
        failed = repo.run("query", moment, sql)
        check(failed.code == 1 and words in failed.err, failed.err)
    dump = repo.yore("dump", moment, "--table", "public.t", "--", "--data-only").out
    check(dump.count("\n") > 1500 and "COPY public.t" in dump, "the table's rows")
    for refused in ("-f/tmp/x", "--host=elsewhere", "-Fd"):
        failed = repo.run("dump", moment, "--", refused)
        check(failed.code == 1 and "stream" in failed.err, failed.err)
    rows = repo.yore("tables", moment, "--json").json()
    table = next(row for row in rows if row.get("table") == "t")
    check(table["database"] == "postgres" and table["bytes"] > 1500 * 28, str(table))
    check(repo.run("tables", moment, "-d", "nope").code == 1, "no such database")

    def reused():
        return repo.yore("query", moment, "select 1", "--json").json()[-1]["reused"]
    check(not reused(), "a clone that was written to is not the moment")
    clone = orders.create(moment, "again")
    check(reused(), "one that was not is")
    ask(clone, "insert into t values (7)")
    check(not reused() and count() == "1500", "until it is written to")
    repo.yore("clone", "remove", "again")
    clone = orders.create(moment, "other")
    check(reused(), "as long as its server goes on")
    os.kill(clone["server"]["process"], signal.SIGINT)
    until(lambda: orders.show("other")["server"]["state"] == "ended", "it ended")
    repo.yore("clone", "mount", "other")
    check(not reused(), "what was written before is not known of one that was started again")
    repo.yore("clone", "remove", "other")
    names = [row.get("clone") for row in repo.yore("clone", "list", "--json").json()]
    check(not [name for name in names if name and name.startswith("tmp-")], str(names))


def what_cannot_start_leaves_nothing(orders, moment, scratch):
    for options, words in ((("--bindir", "/nowhere"), "no server of PostgreSQL"),
                           (("--role", "x" * 40, "--port", "70000"), "PORT")):
        failed = orders.repo.run("clone", "create", moment, "no", "--start", *options)
        check(failed.code != 0 and words.lower() in failed.err.lower(), failed.err)
    check(orders.repo.run("clone", "show", "no").code != 0, "there is no such clone")
    os.makedirs(scratch.path("plain"))
    orders.repo.yore("source", "add", "plain", "--directory", scratch.path("plain"))
    orders.repo.yore("snapshot", "plain")
    failed = orders.repo.run("clone", "create", "plain@latest", "no", "--start")
    check(failed.code != 0 and "no cluster" in failed.err, failed.err)


def servers_run_on_clones():
    with Server() as db, Scratch() as scratch:
        orders = Orders(db, scratch)
        moment = orders.moment_after("insert into t select generate_series(1, 500)")
        try:
            servers_answer_as_of_their_moment(orders, moment)
            moments_are_asked(orders, moment)
            servers_come_back(orders)
            tablespaces_of_the_log_stay_inside(orders)
            what_cannot_start_leaves_nothing(orders, moment, scratch)
        finally:
            orders.remove_all()


if __name__ == "__main__":
    main(servers_run_on_clones)
