# SPDX-License-Identifier: Apache-2.0
"""Clones of moments whose log goes on: what comes later makes no other moment of them."""
import os
import signal

from clones import until, write
from following import log_of
from harness import Scratch, check, difference, fingerprint, main
from postgres import Server
from test_postgresql_follow import SEGMENTS, Followed, wait_for


class Serving:
    """A server that stays and follows one source."""

    def __init__(self, repo, config, source):
        self.repo, self.process = repo, None
        with open(config, "w", encoding="utf-8") as file:
            file.write(f'repository = "{repo.path}"\n[[source]]\n{source}\nfollow = true\n')
        self.config = config
        self.start()

    def start(self):
        self.process = self.repo.start("serve", "--config", self.config)
        wait_for(lambda: self.repo.run("info", "--json").json()[-1].get("owner"), "it serves")

    def end(self, how=signal.SIGINT):
        self.process.send_signal(how)
        self.process.wait(30)
        self.process.stderr.close()

    def restart(self, end=signal.SIGINT):
        self.end(end)
        self.start()


def check_back(repo, name, wanted):
    """It is mounted when the server has begun, with what it had."""
    def shown():
        return repo.yore("clone", "show", name, "--json").json()[-1]
    until(lambda: shown()["state"] in ("mounted", "failed"), "its turn came")
    clone = shown()
    check(clone["state"] == "mounted", f"{clone}")
    there = difference(wanted, fingerprint(clone["directory"]))
    check(not there, f"clone {name}: {there}")


def last_segment(followed):
    return followed.segments()[-1]["name"]


def stays_as_the_segment_goes_on():
    """Its moment lies in a segment that is stored as far as it has come, then whole."""
    with Scratch() as scratch, Server() as server:
        server.initdb(*SEGMENTS)
        server.start()
        followed = Followed(scratch, server)
        repo = followed.repo
        repo.environment["YORE_RUNTIME_DIR"] = scratch.path("run")
        server.psql("create table log (client int, number int)")
        repo.yore("snapshot", "db")
        serving = Serving(repo, scratch.path("serve.toml"),
                          f'name = "db"\npostgresql = "{server.conninfo}"')
        wait_for(followed.streams, "it is followed")
        server.psql("select pg_switch_wal()")
        server.psql("insert into log select 1, i from generate_series(1, 700) i")
        followed.has_all()
        wait_for(lambda: last_segment(followed).endswith(".partial"), "a part is stored")
        wait_for(lambda: rows_at(repo, "db@latest") == 700, "the commit is a moment")
        open_segment = last_segment(followed)
        clones = {}
        for name in ("plain", "written"):
            clones[name] = repo.yore("clone", "create", "db@latest", name, "--at",
                                     scratch.path(name), "--allow-other", "--json").json()[-1]
        moment = clones["plain"]["moment"]
        at_moment = fingerprint(clones["plain"]["directory"])
        write(clones["written"]["directory"] + "/mine", b"mine" * 5000)
        segment = open_segment.removesuffix(".partial")
        with open(clones["written"]["directory"] + f"/pg_wal/{segment}", "r+b") as file:
            file.seek(1_000_000)
            file.write(b"mine")
            os.fsync(file.fileno())
        wanted = {"plain": at_moment, "written": fingerprint(clones["written"]["directory"])}

        server.psql("insert into log values (2, 2)")
        followed.has_all()
        wait_for(lambda: rows_at(repo, "db@latest") == 701, "more of the segment is stored")
        serving.restart()
        for name, content in wanted.items():
            check_back(repo, name, content)

        wait_for(followed.streams, "it is followed again")
        server.psql("insert into log select 3, i from generate_series(1, 30000) i;"
                    "select pg_switch_wal(); insert into log values (4, 4)")
        followed.has_all()
        wait_for(lambda: segment in [row["name"] for row in followed.segments()], "it is whole")
        serving.restart(signal.SIGKILL)
        for name, content in wanted.items():
            check_back(repo, name, content)
        repo.yore("prune", "db", "--keep-last", "1", "--collect")
        serving.restart()
        for name, content in wanted.items():
            check_back(repo, name, content)
        again = repo.yore("clone", "create", moment, "again", "--json").json()[-1]
        check(not difference(at_moment, fingerprint(again["directory"])), "the same moment")
        recovers(clones["plain"]["directory"])
        for name in (*clones, "again"):
            repo.yore("clone", "remove", "--force", name)
        serving.end()


def recovers(directory):
    with Server(data=directory) as copy:
        copy.start()
        wait_for(lambda: copy.psql("select pg_is_in_recovery()") == "f", "it recovered")
        check(copy.psql("select count(*) from log") == "700", "the rows of the moment")


def rows_at(repo, moment):
    """Of the table; none while it cannot be asked."""
    asked = repo.run("query", moment, "select count(*) from log", "-t")
    return int(asked.out) if asked.code == 0 else None


def stays_as_the_journal_goes_on():
    """Its moment lies in the journal's open segment, which is closed later with a tree after it."""
    with Scratch() as scratch:
        home = scratch.path("home")
        os.makedirs(home)
        for name in ("a", "b", "c"):
            write(f"{home}/{name}", name.encode() * 3000)
        repo = scratch.repository(encryption="none")
        repo.environment["YORE_RUNTIME_DIR"] = scratch.path("run")
        repo.yore("source", "add", "home", "--directory", home)
        repo.yore("snapshot", "home")
        serving = Serving(repo, scratch.path("serve.toml"), f'name = "home"\ndirectory = "{home}"')

        def stored(name):
            return repo.run("ls", "home@latest", name).code == 0
        write(f"{home}/d", b"first")
        wait_for(lambda: stored("d"), "it is followed")
        write(f"{home}/e", b"second")
        wait_for(lambda: stored("e"), "another moment")
        clone = repo.yore("clone", "create", "home@latest", "test", "--json").json()[-1]
        at_moment = fingerprint(clone["directory"])
        write(clone["directory"] + "/mine", b"mine")
        with open(clone["directory"] + "/e", "r+b") as file:
            file.write(b"S")
            os.fsync(file.fileno())
        wanted = fingerprint(clone["directory"])

        serving.restart(signal.SIGKILL)
        check_back(repo, "test", wanted)
        closed = len(log_of(repo))
        for number in range(700):
            write(f"{home}/f{number}", b"x" * number, sync=False)
        wait_for(lambda: stored("f699"), "more records")
        os.remove(f"{home}/d")
        wait_for(lambda: not stored("d"), "the segment is closed, and another begins")
        check(len(log_of(repo)) > closed, f"{log_of(repo)}")
        for end in (signal.SIGKILL, signal.SIGINT):
            serving.restart(end)
            check_back(repo, "test", wanted)
        repo.yore("log", "pause", "home")  # closes the segment, for which a collect would wait
        repo.yore("prune", "home", "--keep-last", "1", "--collect")
        serving.restart()
        check_back(repo, "test", wanted)
        again = repo.yore("clone", "create", clone["moment"], "again", "--json").json()[-1]
        check(not difference(at_moment, fingerprint(again["directory"])), "the same moment")
        for name in ("test", "again"):
            repo.yore("clone", "remove", name)
        serving.end()


if __name__ == "__main__":
    main(stays_as_the_segment_goes_on, stays_as_the_journal_goes_on)
