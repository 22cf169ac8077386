# SPDX-License-Identifier: Apache-2.0
"""The core of the proof with the servers of each version that is here: Debian's, and those whose
programs YORE_POSTGRESQL_18 and so on name."""
import collections
import os
import random

from harness import check, command, main, Scratch
from postgres import free_port, program, Server, versions
from test_postgresql_follow import Followed, SEGMENTS, wait_for
from test_postgresql_restore import query, stopped

Row = collections.namedtuple("Row", "xid lsn time")
IDS = "array_to_string(array(select id from log order by id), ',')"


def commit(server, number, sql=""):
    """A transaction that notes itself; its number, and where and when it is known to be there."""
    return Row(*server.psql(f"""
        begin; insert into log values ({number}) returning id \\gset
        {sql}
        select txid_current() as xid \\gset
        commit;
        select :xid, replace(pg_current_wal_insert_lsn()::text, '/', '-'),
        to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24-MI-SS.US"Z"')""")
               .splitlines()[-1].split("|"))


def a_life(followed, server):
    """Each row of `log` is a commit; the moments at which just the rows up to it are there."""
    server.psql("create table log (id int primary key); create unlogged table quick (i int)")
    rows = [commit(server, number) for number in range(5)]
    followed.follow()
    taken = followed.rows("snapshot", "db")[-1]
    facts = taken["base_backup"]
    check(taken["outcome"] == "complete" and facts["server_version"] // 10_000 == server.major,
          str(taken))
    before = len(rows)
    for number in range(before, before + 12):
        rows.append(commit(server, number, [
            f"create table made_{number} as select generate_series(1, 2000) i;",
            "savepoint a; insert into log values (-1); rollback to a;",
            f"select lo_from_bytea({number}, '{number}');"][number % 3]))
        if number % 4 == 0:
            server.psql("select pg_switch_wal()" if number % 8 else "checkpoint")
    server.psql("begin; insert into log values (100); prepare transaction 'later'")
    server.psql("select pg_create_restore_point('named')")
    server.psql("commit prepared 'later'")
    return rows, before, commit(server, 101)


def check_copy(copy, ids, what):
    copy.start()
    found = copy.psql(f"select {IDS} from (select 1) as one")
    check(found == ",".join(map(str, ids)), f"{what}: the rows {found}")
    check(copy.psql("select pg_is_in_recovery()") == "f", f"{what}: it is open")
    check(copy.psql("show archive_mode") == "off", f"{what}: it archives nothing")
    copy.psql("insert into log values (1000); select count(*) from quick")


def moments_of_the_version(followed, major):
    server = followed.server
    mount = followed.repo.mount("--allow-other")
    rows, before, last = a_life(followed, server)
    wait_for(lambda: os.path.exists(f"{mount}/db/at/xid-{last.xid}"), "the last commit is a moment")
    number = random.randrange(before, len(rows))
    here = list(range(number + 1))
    everything = list(range(len(rows)))
    for what, ids in ((f"at/xid-{rows[number].xid}", here), (f"at/{rows[number].time}", here),
                      (f"at/tl1-lsn-{rows[number].lsn}", here),
                      ("at/point-named", everything),
                      ("at/latest", everything + [100, 101]), ("snapshots/latest", here[:before])):
        copied = followed.scratch.path(f"copy-{major}-{what.replace('/', '-')}")
        os.makedirs(copied)
        command("cp", "-a", f"{mount}/db/{what}/.", copied)
        with Server(data=copied, major=major) as copy:
            check_copy(copy, ids, f"{major}: {what}")
    check(server.psql("select count(*) from log") == str(len(rows) + 2), "the primary is the same")


def every_version():
    for major in versions():
        with Scratch() as scratch, Server(major=major) as server:
            server.initdb(*SEGMENTS)
            server.configure(max_prepared_transactions="2", max_wal_senders="5")
            server.start()
            followed = Followed(scratch, server)
            moments_of_the_version(followed, major)
            target = scratch.path("restored")
            programs = os.path.dirname(program("postgres", major))
            started = followed.repo.yore(
                "--json", "restore", "db@latest", "--to", target, "--start", str(free_port()),
                "--bindir", programs).json()[-1]["server"]
            check(query(started, "select count(*) from log") == "19", f"{major}: it answers")
            stopped(started)
            followed.end()
            followed.repo.umount(followed.scratch.path("mnt0"))
        print(f"version {major} holds", flush=True)


if __name__ == "__main__":
    main(every_version)
