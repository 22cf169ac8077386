# SPDX-License-Identifier: Apache-2.0
"""Servers that Yore runs on clones, compared and killed."""
import os
import signal
import threading
import time

import postgres_history as history
from clones import runs, until
from harness import check
from postgres import Server


class CloneServer(Server):
    """The server of a clone, as its clients know it; it is not ours to start or stop."""

    def __init__(self, clone):  # pylint: disable=super-init-not-called
        self.major, self.process, self.data = 15, None, clone["directory"]
        self.place, self.port = clone["server"]["socket_directory"], clone["server"]["port"]
        self.number = clone["server"]["process"]

    def __exit__(self, kind, error, trace):
        return False


def server_of(repo, name):
    return CloneServer(repo.yore("clone", "show", name, "--json").json()[-1])


class Acknowledged:
    """Rows that a client was told are committed, one after the other, until its server is gone."""

    def __init__(self, server):
        self.server, self.rows, self.thread = server, [], threading.Thread(target=self.insert)
        server.psql("create table if not exists acknowledged (number int)")
        self.next = int(server.psql("select coalesce(max(number), 0) + 1 from acknowledged"))

    def insert(self):
        for number in range(self.next, self.next + 10_000):
            try:
                self.server.psql(f"insert into acknowledged values ({number})")
            except AssertionError:
                return
            self.rows.append(number)

    def until_killed(self, kill):
        self.thread.start()
        until(lambda: len(self.rows) >= 5, "rows are written")
        time.sleep(0.05)
        kill()
        self.thread.join(60)
        check(not self.thread.is_alive(), "its client has noticed")

    def check_there(self, server):
        there = set(map(int, server.psql("select number from acknowledged").split()))
        missing = [number for number in self.rows if number not in there]
        check(not missing, f"acknowledged and lost: {missing}")


def check_killed(repo, name, owner, serve):
    """Both the server and Yore, while a client writes. `serve`: starts an owner again."""
    server = server_of(repo, name)
    client = Acknowledged(server)
    client.until_killed(lambda: os.kill(server.number, signal.SIGKILL))
    repo.yore("clone", "mount", name)
    server = server_of(repo, name)
    client.check_there(server)

    client = Acknowledged(server)
    client.until_killed(lambda: os.kill(owner(), signal.SIGKILL))
    serve()
    repo.yore("clone", "mount", name)
    check(not runs(server.number), "the server that was left is gone")
    client.check_there(server_of(repo, name))


def check_clone(repo, moment, wanted, more=None):
    """A server on a clone answers like a full restore, takes writes, and runs pgbench."""
    clone = repo.yore("clone", "create", moment, "proof", "--start", "--durable",
                      "--json").json()[-1]
    try:
        server = CloneServer(clone)
        there = history.state_of(server)
        check(there == wanted, f"clone of {moment}: {history.difference(there, wanted)}")
        server.psql("insert into log (client, does) values (99, 'written')")
        server.run("pgbench", "-i", "-q", "-h", server.place, "-p", str(server.port), "-U",
                   server.user, "postgres")
        server.run("pgbench", "-c", "2", "-t", "100", "-n", "-h", server.place, "-p",
                   str(server.port), "-U", server.user, "postgres")
        check(server.psql("select count(*) from pgbench_history") == "200", "pgbench's rows")
        if more:
            more("proof")
        server = server_of(repo, "proof")
        server.run("pg_amcheck", "-h", server.place, "-p", str(server.port), "-U", server.user,
                   "--install-missing", "--heapallindexed", "postgres")
    finally:
        repo.yore("clone", "remove", "--force", "proof")
    check(not os.path.exists(clone["server"]["socket_directory"]), "nothing is left of it")
