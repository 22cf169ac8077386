# SPDX-License-Identifier: Apache-2.0
"""`yore log follow` of real servers: what a commit waited for is never lost."""
import contextlib
import os
import random
import signal
import subprocess
import threading
import time

from harness import check, command, FAILED, main, OK, Scratch
from postgres import give_to_user, Server

SEGMENTS = ("--wal-segsize=1",)


def wait_for(condition, text, seconds=60):
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            check(False, text() if callable(text) else text)
        time.sleep(0.05)


class Followed:
    """A repository with the source `db`, whose log some processes follow, one after the other."""
    def __init__(self, scratch, server, encryption="none"):
        os.chmod(scratch.root, 0o755)
        self.scratch, self.server, self.process, self.copies = scratch, server, None, 0
        self.repo = scratch.repository(encryption=encryption)
        self.repo.yore("source", "add", "db", "--postgresql", server.conninfo)

    def follow(self):
        """Returns when it streams."""
        self.process = self.repo.start("log", "follow", "db")
        wait_for(self.streams, lambda: "it follows: " + self.end())

    def streams(self, server=None):
        return (server or self.server).psql(
            "select count(*) from pg_stat_replication where application_name = 'yore' "
            "and state = 'streaming'") == "1"

    def end(self):
        """What it has logged."""
        self.process.send_signal(signal.SIGINT)
        _, log = self.process.communicate(timeout=30)
        check(self.process.returncode == OK, f"it ended: {log.decode()}")
        return log.decode()

    def kill(self):
        self.process.kill()
        self.process.wait()
        self.process.stderr.close()

    def has_all(self, server=None):
        """What has committed by now is durable here."""
        server = server or self.server
        end = server.psql("select pg_current_wal_flush_lsn()")
        wait_for(lambda: server.psql("select count(*) from pg_stat_replication where "
                                     f"application_name = 'yore' and flush_lsn >= '{end}'") == "1",
                 "it keeps up")

    def rows(self, *arguments):
        return self.repo.yore("--json", *arguments).json()

    def segments(self):
        return [row for row in self.rows("log", "list", "db") if row.get("event") == "segment"]

    def windows(self):
        return [row for row in self.rows("windows", "db") if row.get("event") == "window"]

    @contextlib.contextmanager
    def latest(self):
        """A server on a copy of the newest moment."""
        copy = self.scratch.path(f"copy{self.copies}")
        self.copies += 1
        os.makedirs(copy)
        mount = self.repo.mount("--allow-other")
        command("cp", "-a", f"{mount}/db/at/latest/.", copy)
        self.repo.umount(mount)
        os.rmdir(mount)
        with Server(data=copy) as server:
            server.start()
            wait_for(lambda: server.psql("select pg_is_in_recovery()") == "f", "it recovered")
            yield server


class Writer(threading.Thread):
    """Commits numbers, one after the other, and knows which of them were acknowledged."""
    def __init__(self, server, client):
        super().__init__()
        self.server, self.client, self.acknowledged = server, client, 0
        self.psql = subprocess.Popen(
            ["psql", "-X", "-q", "-A", "-t", "-d", server.conninfo], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    def run(self):
        with contextlib.suppress(OSError, ValueError):
            for number in range(1, 1_000_000):
                self.psql.stdin.write(f"insert into log values ({self.client}, {number});\n"
                                      f"select {number};\n")
                self.psql.stdin.flush()
                answer = self.psql.stdout.readline()
                if not answer:
                    break
                self.acknowledged = int(answer)
        with contextlib.suppress(OSError):
            self.psql.stdin.close()
        self.psql.wait()
        self.psql.stdout.close()


def loses_no_commit():
    """Yore is killed in turn while commits wait for it; then the primary is, for good."""
    choice = random.Random(7)
    with Scratch() as scratch:
        with Server() as primary:
            primary.initdb(*SEGMENTS)
            primary.configure(synchronous_commit="remote_apply")
            primary.start()
            followed = Followed(scratch, primary, encryption="keyfile")
            primary.psql("create table log (client int, number int)")
            followed.follow()
            followed.repo.yore("snapshot", "db")
            primary.configure(synchronous_standby_names="yore")
            writers = [Writer(primary, client) for client in range(4)]
            for writer in writers:
                writer.start()
            load = threading.Thread(target=lambda: primary.pgbench("-i", "-q", "-s", "1"))
            load.start()
            for _ in range(4):
                time.sleep(choice.uniform(0.2, 1.0))
                followed.kill()
                before = [writer.acknowledged for writer in writers]
                time.sleep(0.2)
                stalled = [writer.acknowledged for writer in writers]
                check(all(b <= a + 1 for a, b in zip(before, stalled)), "commits wait for Yore")
                followed.follow()
            load.join()
            time.sleep(0.5)
            primary.stop("immediate")
            followed.kill()
            for writer in writers:
                writer.join()
        check(all(writer.acknowledged > 20 for writer in writers), "commits went on")
        followed.process = followed.repo.start("log", "follow", "db")
        time.sleep(1)
        check("tried again" in followed.end(), "it says that the primary is gone")
        followed.repo.yore("verify", "--level", "2")
        with followed.latest() as copy:
            for writer in writers:
                there = copy.psql("select count(*), max(number) from log "
                                  f"where client = {writer.client}").split("|")
                check(there[0] == there[1] and int(there[0]) >= writer.acknowledged,
                      f"{there} of {writer.acknowledged} are there")


def write(server, rounds=4):
    """A few segments, and commits in them."""
    for _ in range(rounds):
        server.psql("create table t as select generate_series(1, 20000) i; drop table t;"
                    "insert into log values (1, (select count(*) from log))")


def standby_of(primary):
    """A server that follows the primary, on a copy of it."""
    place = os.path.join(primary.place, "standby")
    primary.run_as_user("pg_basebackup", "-d", primary.conninfo, "-D", place, "-c", "fast", "-R")
    return Server(data=place)


def follows_a_promotion():
    """The primary goes, its standby is promoted; and a segment that is pushed, too."""
    with Scratch() as scratch, Server() as primary:
        primary.initdb(*SEGMENTS)
        primary.start()
        primary.psql("create table log (client int, number int)")
        with standby_of(primary) as standby:
            standby.start()
            followed = Followed(scratch, standby)
            followed.follow()
            followed.repo.yore("snapshot", "db")
            write(primary)
            primary.psql("select pg_switch_wal(); insert into log values (2, 2)")
            end = primary.psql("select pg_current_wal_flush_lsn()")
            wait_for(lambda: standby.psql(f"select pg_last_wal_replay_lsn() >= '{end}'") == "t",
                     "the standby has all")
            primary.stop("immediate")
            standby.psql("select pg_promote()")
            write(standby)
            followed.has_all(standby)
            log = followed.end()
            check("on timeline 2" in log and "lost" not in log, log)
            names = [row["name"] for row in followed.segments()]
            check(names[-1].startswith("00000002") and names[-1].endswith(".partial"), str(names))
            check(sum(name.startswith("00000001") and name.endswith(".partial")
                      for name in names) == 1, str(names))
            windows = followed.windows()
            check(len(windows) == 2 and "parent" in windows[1]["first"]["reason"], str(windows))
            push_what_was_received(followed, standby)
            followed.follow()  # from the midst of a segment
            write(standby, 1)
            followed.has_all(standby)
            rows = standby.psql("select count(*), sum(number) from log")
            followed.end()
        check(rows == rows_of_latest(followed), "all of it is in the newest moment")


def push_what_was_received(followed, server):
    name = [row["name"] for row in followed.segments() if row["name"].startswith("00000002")][0]
    path = os.path.join(server.data, "pg_wal", name)
    check(followed.rows("log", "push", "db", path)[-1]["outcome"] == "already", name)


def rows_of_latest(followed):
    with followed.latest() as copy:
        return copy.psql("select count(*), sum(number) from log")


def goes_on_behind_a_gap():
    """Log that the server removed meanwhile; then the slot goes with the source."""
    with Scratch() as scratch, Server() as server:
        server.initdb(*SEGMENTS)
        server.configure(min_wal_size="2MB", max_wal_size="2MB")
        server.start()
        followed = Followed(scratch, server)
        server.psql("create table log (client int, number int)")
        followed.follow()
        followed.repo.yore("snapshot", "db")
        write(server)
        followed.end()
        server.configure(max_slot_wal_keep_size="1MB")
        lost = "select wal_status from pg_replication_slots where slot_name = 'yore_db'"
        for _ in range(20):
            write(server, 2)
            server.psql("checkpoint")
            if server.psql(lost) == "lost":
                break
        check(server.psql(lost) == "lost", "the slot has lost its log")
        followed.follow()
        check(server.psql(lost) == "reserved", "the slot is made anew")
        server.configure(max_slot_wal_keep_size="-1")
        followed.repo.yore("snapshot", "db")
        write(server)
        followed.has_all()
        rows = server.psql("select count(*), sum(number) from log")
        log = followed.end()
        check("no moment between them" in log, log)
        windows = followed.windows()
        check(len(windows) == 2 and "gap" in windows[0]["last"]["reason"], str(windows))
        check(rows == rows_of_latest(followed), "it went on behind the gap")
        followed.repo.yore("source", "remove", "db")
        told = followed.repo.yore("log", "follow", "db", expect=FAILED)
        check("was removed" in told.err, told.err)
        check(server.psql("select count(*) from pg_replication_slots") == "0", "the slot is gone")


def is_followed_by_a_server():
    """`follow = true`: across a restart of the server, and until the source is removed."""
    with Scratch() as scratch, Server() as server:
        server.initdb(*SEGMENTS)
        server.start()
        followed = Followed(scratch, server)
        server.psql("create table log (client int, number int)")
        repo = followed.repo
        config = scratch.path("serve.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f'repository = "{repo.path}"\n[[source]]\nname = "db"\n'
                       f'postgresql = "{server.conninfo}"\nfollow = true\n')
        followed.process = repo.start("serve", "--config", config)
        wait_for(followed.streams, "it is followed")
        write(server, 1)
        server.stop()
        wait_for(lambda: status_of(followed)["state"] == "waiting", "it waits")
        check(status_of(followed)["failures"] >= 1, "the failure is counted")
        server.start()
        wait_for(followed.streams, "it is followed again")
        write(server, 1)
        followed.has_all()
        end = server.psql("select now()::timestamp")
        wait_for(lambda: status_of(followed)["known_until"] or "" >= end, "it knows up to now")
        status = status_of(followed)
        check(status["state"] == "following" and status["bytes"] > 1 << 20
              and status["moments"] > 0, str(status))
        for line in ('yore_log_pinned_bytes{source="db"} 0', 'yore_log_lag_seconds{source="db"} 0'):
            wait_for(lambda: line + "\n" in repo.yore("metrics").out, line)
        wait_for(lambda: followed.segments()[-1]["restore_points"] > 0, "commits are moments")
        repo.yore("log", "pause", "db")
        check(status_of(followed)["state"] == "paused", "it rests")
        wait_for(lambda: not followed.streams(), "the server ends the stream")
        wait_for(lambda: server.psql("select active from pg_replication_slots") == "f",
                 "the slot keeps the log")
        write(server, 1)
        repo.yore("log", "resume", "db")
        wait_for(followed.streams, "it goes on")
        followed.has_all()
        told = repo.yore("source", "remove", "db", "--purge", "db")
        check("slot" not in told.err, told.err)
        check(server.psql("select count(*) from pg_replication_slots") == "0", "the slot is gone")
        followed.end()


def a_new_tablespace_is_backed_up():
    """A command that follows says that a snapshot is due; a server takes it, once."""
    with Scratch() as scratch, Server() as server:
        server.initdb(*SEGMENTS)
        server.start()
        followed = Followed(scratch, server)
        server.psql("create table log (client int, number int)")
        followed.follow()
        followed.repo.yore("snapshot", "db")
        make_tablespace(server, "first")
        write(server, 1)
        followed.has_all()
        check("a tablespace that no base backup has" in followed.end(), "it is told")
        config = scratch.path("serve.toml")
        with open(config, "w", encoding="utf-8") as file:
            file.write(f'repository = "{followed.repo.path}"\n[[source]]\nname = "db"\n'
                       f'postgresql = "{server.conninfo}"\nfollow = true\n')
        followed.process = followed.repo.start("serve", "--config", config)
        wait_for(lambda: snapshots_of(followed) == 2, "what was due is taken")
        make_tablespace(server, "second")
        wait_for(lambda: snapshots_of(followed) == 3, "and when there is another one")
        write(server, 1)
        followed.has_all()
        time.sleep(3)
        check(snapshots_of(followed) == 3, "each once")
        followed.end()


def make_tablespace(server, name):
    place = os.path.join(server.place, name)
    os.makedirs(place)
    give_to_user(place)
    server.psql(f"create tablespace {name} location '{place}'")


def snapshots_of(followed):
    return len([row for row in followed.rows("snapshots", "db") if "name" in row])


def status_of(followed):
    return followed.rows("log", "status", "db")[0]


if __name__ == "__main__":
    main(loses_no_commit, follows_a_promotion, goes_on_behind_a_gap, is_followed_by_a_server,
         a_new_tablespace_is_backed_up)
