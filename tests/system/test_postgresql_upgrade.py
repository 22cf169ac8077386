# SPDX-License-Identifier: Apache-2.0
"""A source goes on with the cluster that pg_upgrade made: the moments of both can be opened."""
import filecmp
import json
import os
import signal
import time

from harness import check, FAILED, main, OK, Scratch
from postgres import DEBIAN, free_port, program, Server
from schemas import Schemas

SEGMENTS = ("--wal-segsize=1",)


ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
with open(os.path.join(ROOT, "docs", "api", "openapi.json"), encoding="utf-8") as file:
    SCHEMAS = Schemas(json.load(file))


def answer_of(command):
    operation = SCHEMAS.document["paths"][f"/v1/commands/{command}"]["post"]
    return operation["responses"]["200"]["content"]["application/x-ndjson"]["schema"]


class Place:
    def __init__(self, scratch, server):
        os.chmod(scratch.root, 0o755)
        self.scratch, self.server = scratch, server
        self.repo = scratch.repository(encryption="none")
        self.repo.yore("source", "add", "db", "--postgresql", server.conninfo)

    def rows(self, *arguments):
        return self.repo.yore("--json", *arguments).json()

    def events(self, event, *arguments):
        return [row for row in self.rows(*arguments) if row.get("event") == event]

    def follow(self):
        """Returns when it streams."""
        process = self.repo.start("log", "follow", "db")
        self.wait_for("state = 'streaming'", process)
        return process

    def end(self, process):
        """With all that has committed by now."""
        end = self.server.psql("select pg_current_wal_flush_lsn()")
        self.wait_for(f"flush_lsn >= '{end}'", process)
        process.send_signal(signal.SIGINT)
        _, log = process.communicate(timeout=30)
        check(process.returncode == OK, f"it ended: {log.decode()}")

    def wait_for(self, holds, process):
        deadline = time.monotonic() + 60
        while self.server.psql("select count(*) from pg_stat_replication "
                               f"where application_name = 'yore' and {holds}") != "1":
            check(process.poll() is None and time.monotonic() < deadline, f"{holds} in time")
            time.sleep(0.05)

    def holds(self, moment, expected):
        """A server on a copy of it has these rows, and no other."""
        copy = self.scratch.path("copy-" + moment.replace(":", "-"))
        self.repo.yore("restore", f"db@{moment}", "--to", copy)
        with Server(data=copy) as server:
            server.start()
            deadline = time.monotonic() + 30
            while server.psql("select pg_is_in_recovery()") == "t":
                check(time.monotonic() < deadline, "it recovered")
                time.sleep(0.05)
            found = rows_of(server)
        check(found == expected, f"{moment}: {found}, not {expected}")


def rows_of(server):
    return server.psql("select string_agg(number::text, ' ' order by number) from log")


def insert(server, number):
    """Returns its transaction."""
    return server.psql(f"with done as (insert into log values ({number}) returning 1) "
                       "select pg_current_xact_id() from done")


def time_at(server):
    return server.psql("select to_char(clock_timestamp() at time zone 'UTC', "
                       "'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")


def upgrade(server):
    """What runs at the same place afterwards is another cluster, with the rows of the old one."""
    server.stop()
    old, server.data = server.data, os.path.join(server.place, "upgraded")
    server.initdb(*SEGMENTS)
    binaries = os.path.dirname(program("pg_upgrade"))
    server.run_as_user("pg_upgrade", "-b", binaries, "-B", binaries, "-d", old, "-D", server.data,
                       "-U", server.user, "-s", server.place, "-p", str(free_port()), "-P",
                       str(free_port()))
    server.start()


def another_cluster_is_refused(place):
    """Each refusal names the command that goes on with it."""
    snapshot = place.repo.yore("snapshot", "db", expect=FAILED)
    follow = place.repo.yore("log", "follow", "db", expect=FAILED)
    push = place.repo.yore("log", "push", "db", place.server.wal_files()[0], expect=FAILED)
    for told in (snapshot.err, follow.err, push.err, place.repo.yore("check", "db",
                                                                     expect=FAILED).out):
        check("yore source upgrade db" in told, told)
    check(len(place.events("window", "windows", "db")) == 1, "nothing was stored")


def both_are_shown(place, mount, old_log):
    """The log of each has a name of its own, in lists and in the mount."""
    segments = place.events("segment", "log", "list", "db")
    of_old = [row["name"] for row in segments if row["incarnation"] == "00000001"]
    of_new = [row["name"] for row in segments if row["incarnation"] == "sys2-00000001"]
    check(of_old == old_log and of_new, f"{of_old}, {of_new}")
    windows = place.events("window", "windows", "db")
    check([row["incarnation"] for row in windows] == ["00000001", "sys2-00000001"], str(windows))
    check(sorted(os.listdir(f"{mount}/db/log")) == ["00000001", "sys2-00000001"], "two logs")
    for name, log in (("00000001", of_old), ("sys2-00000001", of_new)):
        check(sorted(os.listdir(f"{mount}/db/log/{name}")) == sorted(log), name)
    fetched = place.scratch.path("fetched")
    whole = next(name for name in of_old if not name.endswith(".partial"))
    place.repo.yore("log", "fetch", "db", f"sys1-{whole}", fetched)
    check(filecmp.cmp(fetched, f"{mount}/db/log/00000001/{whole}", shallow=False), "the old one's")


def leads_to(mount, moment, log, xid):
    """This transaction, in this log, and nothing of another log on the way."""
    with open(f"{mount}/db/at/{moment}.json", encoding="utf-8") as plan_file:
        plan = json.load(plan_file)
    commit = plan["commit"]
    check((commit["xid"], commit["timeline"]) == (int(xid), 1), f"{moment}, {xid}: {plan}")
    check({plan["place"]["incarnation"], *(part["incarnation"] for part in plan["log"])} == {log},
          str(plan))


def a_source_goes_on_after_pg_upgrade():
    with Scratch() as scratch, Server() as server:
        server.initdb(*SEGMENTS)
        server.start()
        place = Place(scratch, server)
        server.psql("create table log (number int)")
        following = place.follow()
        place.repo.yore("snapshot", "db")
        insert(server, 1)
        server.psql("select pg_switch_wal()")
        second = insert(server, 2)
        time_of_old = time_at(server)
        third = insert(server, 3)
        place.end(following)
        old_log = [row["name"] for row in place.events("segment", "log", "list", "db")]
        upgrade(server)
        insert(server, 4)

        another_cluster_is_refused(place)
        told = place.rows("source", "upgrade", "db")[-1]
        check(told["system"] == 2 and told["log"] == "sys2-00000001", str(told))
        check(told["server_version"] // 10000 == DEBIAN, str(told))
        SCHEMAS.check(answer_of("source-upgrade"), told, "as it is documented")
        again = place.repo.yore("source", "upgrade", "db", expect=FAILED)
        check("nothing to do" in again.err, again.err)
        place.repo.yore("ls", "db@latest")  # the old one's: nothing of the new one is stored yet

        following = place.follow()
        place.repo.yore("snapshot", "db")
        fifth = insert(server, 5)
        time_of_new = time_at(server)
        sixth = insert(server, 6)
        place.end(following)
        mount = place.repo.mount()
        both_are_shown(place, mount, old_log)
        for moment, log, xid in (
                (time_of_old, "00000001", second), (f"sys1-xid-{second}", "00000001", second),
                (f"sys1-tl1-xid-{third}", "00000001", third),
                (time_of_new, "sys2-00000001", fifth), (f"xid-{fifth}", "sys2-00000001", fifth),
                (f"sys2-xid-{sixth}", "sys2-00000001", sixth), ("latest", "sys2-00000001", sixth)):
            leads_to(mount, moment, log, xid)
        check(not os.path.exists(f"{mount}/db/at/xid-{second}"), "that is the old one's")
        place.holds(time_of_old, "1 2")
        place.holds(time_of_new, "1 2 3 4 5")
        place.repo.yore("check", "db")

        place.repo.yore("prune", "db", "--keep-last", "1")
        check(len(place.events("window", "windows", "db")) == 1, "the old one's went")
        leads_to(mount, time_of_new, "sys2-00000001", fifth)


def wait_until(holds, what):
    deadline = time.monotonic() + 30  # far below what a refused follower waits by itself
    while not holds():
        check(time.monotonic() < deadline, f"{what} in time")
        time.sleep(0.05)


def is_followed(server):
    return server.psql("select count(*) from pg_stat_replication "
                       "where application_name = 'yore' and state = 'streaming'") == "1"


def a_server_follows_the_cluster_that_the_source_is_now():
    """At once, also while the one of before still answers; and the source does not go back."""
    with Scratch() as scratch, Server() as before, Server() as after:
        for server in (before, after):
            server.initdb(*SEGMENTS)
            server.start()
        place = Place(scratch, before)
        repo, config = place.repo, scratch.path("serve.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f'repository = "{repo.path}"\n[[source]]\nname = "db"\n'
                       f'postgresql = "{before.conninfo}"\nfollow = true\n')
        served = repo.start("serve", "--config", config)
        wait_until(lambda: is_followed(before), "it is followed")
        repo.yore("source", "set", "db", "--postgresql", after.conninfo)
        refused = "is of another cluster"
        wait_until(lambda: refused in (place.rows("log", "status", "db")[0]["failure"] or ""),
                   "the running follower looks there")
        told = place.rows("source", "upgrade", "db")[-1]
        check(told["system"] == 2, str(told))
        wait_until(lambda: is_followed(after), "the new one is followed")
        check(not is_followed(before), "it alone")

        back = repo.yore("source", "upgrade", "db", "--postgresql", before.conninfo, expect=FAILED)
        check("upgraded from" in back.err, back.err)
        elsewhere = after.conninfo + " application_name=other"
        again = place.rows("source", "upgrade", "db", "--postgresql", elsewhere)[-1]
        check((again["system"], again["conninfo"]) == (2, elsewhere), str(again))
        served.send_signal(signal.SIGTERM)
        check(served.wait(30) == OK, "it ended")
        repo.yore("source", "remove", "db")
        gone = repo.yore("source", "upgrade", "db", expect=FAILED)
        check("is removed" in gone.err, gone.err)


main(a_source_goes_on_after_pg_upgrade, a_server_follows_the_cluster_that_the_source_is_now)
