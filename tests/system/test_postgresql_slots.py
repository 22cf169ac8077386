# SPDX-License-Identifier: Apache-2.0
"""Slots of followed clusters: what they may keep at a server."""
import contextlib
import os

from harness import check, FAILED, main, Scratch
from postgres import Server
from test_disk_full import small_disk
from test_postgresql_follow import (Followed, rows_of_latest, SEGMENTS, standby_of, status_of,
                                    wait_for, write)

MEGABYTE = 1 << 20
LIMIT = 16 * MEGABYTE
KEPT = ("select coalesce(sum(pg_current_wal_lsn() - restart_lsn), 0)::bigint "
        "from pg_replication_slots where slot_name = 'yore_db'")


def make(scratch, server):
    server.initdb(*SEGMENTS)
    server.configure(min_wal_size="2MB", max_wal_size="2MB")
    server.start()
    server.psql("create table log (client int, number int)")
    followed = Followed(scratch, server)
    followed.repo.yore("source", "set", "db", "--slot-limit", "16MB")
    followed.follow()
    followed.repo.yore("snapshot", "db")
    return followed


def write_more_than_the_limit(server):
    before = server.psql("select pg_current_wal_lsn()")
    while int(server.psql(f"select (pg_current_wal_lsn() - '{before}')::bigint")) <= LIMIT:
        write(server)


def fill(path):
    """All that is free on its disk."""
    with open(path, "wb") as file:
        for step in (MEGABYTE, 4096):
            with contextlib.suppress(OSError):
                while True:
                    os.posix_fallocate(file.fileno(), os.fstat(file.fileno()).st_size, step)


def has_slot(server):
    return server.psql("select count(*) from pg_replication_slots where active") == "1"


def what_is_still_there_is_received():
    """Above the limit the slot goes at once; with what the server still has, nothing is lost."""
    with Scratch() as scratch, Server() as server:
        followed = make(scratch, server)
        shown = followed.rows("source", "show", "db")[0]
        check(shown["slot_limit"] == LIMIT, str(shown))
        told = followed.repo.yore("source", "set", "db", "--slot-limit", "1M", expect=FAILED)
        check("at least 16M" in told.err, told.err)
        followed.has_all()
        check(status_of(followed)["slots_dropped"] == 0, "it has kept little")
        followed.end()
        server.configure(max_wal_size="1GB")  # no checkpoint: all the log stays
        write_more_than_the_limit(server)
        check(int(server.psql(KEPT)) > LIMIT, "the slot keeps too much")
        followed.follow()
        wait_for(lambda: has_slot(server), "with little left it has a slot again")
        followed.has_all()
        check(status_of(followed)["slots_dropped"] == 1, str(status_of(followed)))
        check('yore_log_slots_dropped_total{source="db"} 1' in followed.repo.yore("metrics").out,
              "it is counted")
        rows = server.psql("select count(*), sum(number) from log")
        log = followed.end()
        check("the slot yore_db at" in log and "no moment between" not in log, log)
        check(len(followed.windows()) == 1, str(followed.windows()))
        check(rows == rows_of_latest(followed), "nothing is lost")


def a_full_repository_does_not_fill_the_server():
    """Yore runs, and has no room: the server may remove its log, and there is a gap."""
    with Scratch() as scratch, small_disk(scratch) as disk, Server() as server:
        os.makedirs(os.path.join(disk, "repository"))
        os.symlink(os.path.join(disk, "repository"), scratch.path("repository"))
        followed = make(scratch, server)
        followed.has_all()
        filler = os.path.join(disk, "filler")
        try:
            fill(filler)
            write_more_than_the_limit(server)
            wait_for(lambda: server.psql("select count(*) from pg_replication_slots") == "0",
                     "the slot is dropped")
        finally:
            followed.kill()
        server.psql("checkpoint")
        write(server)
        server.psql("checkpoint")
        os.unlink(filler)
        followed.follow()
        followed.repo.yore("snapshot", "db")
        write(server)
        followed.has_all()
        rows = server.psql("select count(*), sum(number) from log")
        log = followed.end()
        check("no moment between them" in log, log)
        windows = followed.windows()
        check(len(windows) == 2 and "gap" in windows[0]["last"]["reason"], str(windows))
        check(rows == rows_of_latest(followed), "it went on behind the gap")


def a_pause_does_not_fill_the_server():
    """What is paused is not followed, but the limit holds; what is still there is received."""
    with Scratch() as scratch, Server() as server:
        followed = make(scratch, server)
        followed.has_all()
        followed.repo.yore("log", "pause", "db")
        server.configure(max_wal_size="1GB")  # no checkpoint: all the log stays
        write_more_than_the_limit(server)
        wait_for(lambda: server.psql("select count(*) from pg_replication_slots") == "0",
                 "the slot is dropped")
        wait_for(lambda: status_of(followed)["slots_dropped"] == 1, "it is counted")
        check(status_of(followed)["state"] == "paused", "it rests")
        followed.repo.yore("log", "resume", "db")
        wait_for(lambda: has_slot(server), "with little left it has a slot again")
        followed.has_all()
        log = followed.end()
        check("the slot yore_db at" in log and "no moment between" not in log, log)


def a_standby_has_a_slot_too():
    """What Yore lacks when the standby is promoted is still there."""
    with Scratch() as scratch, Server() as primary:
        primary.initdb(*SEGMENTS)
        primary.configure(min_wal_size="2MB", max_wal_size="2MB")
        primary.start()
        primary.psql("create table log (client int, number int)")
        with standby_of(primary) as standby:
            standby.start()
            followed = Followed(scratch, primary)
            followed.repo.yore(
                "source", "set", "db", "--postgresql",
                f"host={primary.place},{standby.place} port={primary.port},{standby.port} "
                f"user={primary.user} dbname=postgres target_session_attrs=read-write")
            followed.follow()
            followed.repo.yore("snapshot", "db")
            write(primary)
            end = primary.psql("select pg_current_wal_flush_lsn()")
            wait_for(lambda: standby.psql("select count(*) from pg_replication_slots where "
                                          f"slot_name = 'yore_db' and restart_lsn >= '{end}'")
                     == "1", "the standby's slot is as far as the log is stored")
            followed.kill()
            write(primary, 1)
            end = primary.psql("select pg_current_wal_flush_lsn()")
            wait_for(lambda: standby.psql(f"select pg_last_wal_replay_lsn() >= '{end}'") == "t",
                     "the standby has all")
            primary.stop("immediate")
            standby.psql("select pg_promote()")
            for _ in range(4):
                write(standby)
                standby.psql("checkpoint")
            followed.process = followed.repo.start("log", "follow", "db")
            wait_for(lambda: followed.streams(standby), "it follows the new primary")
            followed.has_all(standby)
            rows = standby.psql("select count(*), sum(number) from log")
            log = followed.end()
            check("on timeline 2" in log and "no moment between" not in log, log)
            check(rows == rows_of_latest(followed), "nothing is lost")
            told = followed.repo.yore("source", "remove", "db")
            check("pg_drop_replication_slot('yore_db')" in told.out + told.err,
                  "the slot of the host that is gone may be there still: " + told.out + told.err)
            check(standby.psql("select count(*) from pg_replication_slots") == "0",
                  "the other one is not")


def a_host_that_leaves_keeps_no_slot():
    """Another conninfo drops the slot where it no longer leads, however it names the rest."""
    count = "select count(*) from pg_replication_slots where slot_name = 'yore_db'"
    with Scratch() as scratch, Server() as primary:
        primary.initdb(*SEGMENTS)
        primary.start()
        primary.psql("create table log (client int, number int)")
        with standby_of(primary) as standby:
            standby.start()
            followed = Followed(scratch, primary)
            change = ("source", "set", "db", "--postgresql")
            rest = f"user={primary.user} dbname=postgres target_session_attrs=read-write"
            followed.repo.yore(*change, f"host={primary.place},{standby.place} "
                                        f"port={primary.port},{standby.port} {rest}")
            followed.follow()
            wait_for(lambda: standby.psql(count) == "1", "the standby has a slot")
            followed.end()
            told = followed.repo.yore(*change,
                                      f"host={primary.place}/. port={primary.port} {rest}")
            check("slot" not in told.err, told.err)
            check(standby.psql(count) == "0", "the standby's slot is gone")
            check(primary.psql(count) == "1", "the primary's is the same server's")
            told = followed.repo.yore(*change, f"host={primary.place} port=1 {rest}")
            check("pg_drop_replication_slot('yore_db')" in told.err, told.err)
            check(primary.psql(count) == "1", "which host that is cannot be told")


if __name__ == "__main__":
    main(what_is_still_there_is_received, a_full_repository_does_not_fill_the_server,
         a_pause_does_not_fill_the_server, a_standby_has_a_slot_too,
         a_host_that_leaves_keeps_no_slot)
