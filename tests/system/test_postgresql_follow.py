# SPDX-License-Identifier: Apache-2.0
"""`yore log follow` of real servers: what a commit waited for is never lost."""
import contextlib
import os
import random
import signal
import subprocess
import threading
import time

from harness import check, command, main, OK, Scratch
from postgres import Server

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
        self.scratch, self.server, self.process = scratch, server, None
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

    @contextlib.contextmanager
    def latest(self):
        """A server on a copy of the newest moment."""
        copy = self.scratch.path("copy")
        os.makedirs(copy)
        mount = self.repo.mount("--allow-other")
        command("cp", "-a", f"{mount}/db/at/latest/.", copy)
        self.repo.umount(mount)
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


if __name__ == "__main__":
    main(loses_no_commit)
