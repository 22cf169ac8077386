# SPDX-License-Identifier: Apache-2.0
"""Base backups of real PostgreSQL servers: what is stored starts by itself, whatever goes on."""
import os
import shutil
import signal
import socket
import subprocess
import threading
import time

from harness import check, FAILED, main, PARTIAL, Scratch
from postgres import give_to_user, Server


class Readable(Scratch):
    """Servers run in it as another user."""
    def __enter__(self):
        os.chmod(self.root, 0o755)
        return super().__enter__()


def add(repo, name, server):
    repo.yore("source", "add", name, "--postgresql", server.conninfo)


def restored(scratch, mount, path, name):
    """A copy of a directory of the mount, as `cp -a` makes it."""
    target = scratch.path(name)
    os.makedirs(target)
    subprocess.run(["cp", "-a", f"{mount}/{path}/.", target], check=True)
    return target


def sums(server):
    return server.psql("select count(*), sum(abalance), (select count(*) from elsewhere), "
                       "(select string_agg(convert_from(data, 'UTF8'), '') from pg_largeobject) "
                       "from pgbench_accounts")


def fill(server):
    place = os.path.join(server.place, "tablespace")
    os.makedirs(place)
    give_to_user(place)
    server.psql(f"create tablespace space location '{place}'")
    server.pgbench("-i", "-q", "-s", "3")
    server.psql("create table elsewhere tablespace space as "
                "select i, repeat('x', i % 90) t from generate_series(1, 20000) i;"
                "create unlogged table forgotten as select 1 a;"
                "select lo_from_bytea(0, 'a large object')")


def starts_by_itself():
    with Readable() as scratch, Server() as server:
        server.initdb()
        server.configure(archive_mode="on", archive_command=f"touch {server.place}/%f",
                         synchronous_standby_names="*", synchronous_commit="local")
        server.start()
        fill(server)
        repo = scratch.repository()
        add(repo, "orders", server)
        before = sums(server)
        first = repo.yore("--json", "snapshot", "orders").json()[-1]
        check(first["outcome"] == "complete" and first["base_backup"]["timeline"] == 1, str(first))
        server.pgbench("-n", "-c", "2", "-t", "200")
        second = repo.yore("--json", "snapshot", "orders", "--checkpoint", "fast").json()[-1]
        check(second["counts"]["bytes_stored"] < first["counts"]["bytes_stored"] / 2,
              "only what changed was stored")
        repo.yore("verify", "--level", "2")

        mount = repo.mount()
        stored = f"orders/snapshots/{first['name']}"
        link = os.readlink(f"{mount}/{stored}/pg_tblspc/"
                           + os.listdir(f"{mount}/{stored}/pg_tblspc")[0])
        check(link.startswith("../tablespaces/"), f"a tablespace is in the tree: {link}")
        check(not os.path.exists(f"{mount}/{stored}/tablespace_map"), "no tablespace_map")
        copy = restored(scratch, mount, stored, "copy")
        server.run_as_user("pg_verifybackup", "-e", "-i", "tablespaces", copy)
        with Server(data=copy) as other:
            other.start()
            check(sums(other) == before, "the first backup has what was there then")
            other.psql("create table written as select 1 a; checkpoint")
            check(other.psql("select count(*) from forgotten") == "0", "unlogged tables are empty")
            check(other.psql("show archive_mode") == "off", "it archives nothing")
        check(not os.path.exists(f"{server.place}/00000002.history"),
              "nor did the copy archive its timeline with the original's")
        after = sums(server)
        repo.yore("restore", "orders@latest", "--to", scratch.path("newest"))
        with Server(data=scratch.path("newest")) as other:
            other.start()
            check(sums(other) == after, "the second one has what came since")
            other.stop()
            other.run_as_user("pg_checksums", "--check", "-D", other.data)


def beside_writers_and_from_a_standby():
    with Readable() as scratch, Server() as primary, Server() as standby:
        primary.initdb()
        primary.start()
        primary.pgbench("-i", "-q", "-s", "2")
        primary.run_as_user("pg_basebackup", "-d", primary.conninfo, "-D", standby.data, "-R",
                            "-c", "fast")
        standby.start()
        repo = scratch.repository(encryption="none")
        add(repo, "bank", primary)
        add(repo, "standby", standby)
        writers = threading.Thread(target=primary.pgbench, args=("-n", "-c", "2", "-T", "4"))
        writers.start()
        time.sleep(0.5)
        for source in ("bank", "standby"):
            taken = repo.yore("--json", "snapshot", source, "--max-rate", "40000").json()[-1]
            check(taken["base_backup"]["from_standby"] == (source == "standby"), str(taken))
        writers.join()
        for source in ("bank", "standby"):
            repo.yore("restore", f"{source}@latest", "--to", scratch.path(source))
            with Server(data=scratch.path(source)) as copy:
                copy.start()
                check(copy.psql("select (select sum(bbalance) from pgbench_branches) = "
                                "(select sum(delta) from pgbench_history)") == "t",
                      f"{source}: every transaction whole")


def damaged_pages_are_told():
    with Readable() as scratch, Server() as server:
        server.initdb()
        server.start()
        server.psql("create table t as select i from generate_series(1, 5000) i; checkpoint")
        path = server.psql("select pg_relation_filepath('t')")
        server.stop()
        with open(os.path.join(server.data, path), "r+b") as file:
            file.seek(2 * 8192 + 5000)
            file.write(b"damage")
        server.start()
        repo = scratch.repository(encryption="none")
        add(repo, "torn", server)
        said = repo.yore("--json", "snapshot", "torn", expect=PARTIAL)
        taken = said.json()[-1]
        check(taken["base_backup"]["damaged_pages"] == 1, str(taken))
        problems = [row for row in said.json() if row.get("event") == "problem"]
        check(problems[0]["path"] == path and "block 2" in problems[0]["text"], str(problems))


def refusals_change_nothing():
    with Readable() as scratch, Server() as server:
        repo = scratch.repository(encryption="none")
        for conninfo, said in ((f"{server.conninfo} password=secret", "passfile"),
                               ("postgresql://u:secret@h/d", "pgpass"),
                               ("host=x nonsense=1", "nonsense"),
                               ("replication=true", "for Yore to choose")):
            result = repo.yore("source", "add", "db", "--postgresql", conninfo, expect=FAILED)
            check(said in result.err and "secret" not in result.err, result.err)
        check(repo.yore("--json", "source", "list").json()[-1]["count"] == 0, "none was added")
        add(repo, "db", server)
        result = repo.yore("snapshot", "db", expect=FAILED)
        check("hint" in result.err and "pg_hba.conf" in result.err, result.err)
        server.initdb()
        server.start()
        server.psql("create role reader login")
        repo.yore("source", "add", "nobody", "--postgresql",
                  server.conninfo.replace(f"user={server.user}", "user=reader"))
        result = repo.yore("snapshot", "nobody", expect=FAILED)
        check("replication" in result.err.lower(), result.err)
        repo.yore("snapshot", "db")
        server.stop()
        shutil.rmtree(server.data)
        server.initdb()
        server.start()
        result = repo.yore("snapshot", "db", expect=FAILED)
        check("system identifier" in result.err, result.err)
        dies_within(scratch, repo, server)
        rows = repo.yore("--json", "snapshots").json()
        check(len([row for row in rows if "name" in row]) == 1, "one snapshot, as before")
        repo.yore("verify")


def needs_are_recorded():
    """Of all databases, over ordinary connections; without those, a backup is as good."""
    with Readable() as scratch, Server() as server:
        server.initdb()
        server.configure(shared_preload_libraries="pg_stat_statements,auto_explain")
        server.start()
        server.psql("create database other; create role yore login replication")
        server.psql("create extension ltree; create table t (a text collate \"de-x-icu\")",
                    database="other")
        server.psql("create database closed; alter database closed allow_connections false")
        repo = scratch.repository(encryption="none")
        add(repo, "orders", server)
        recorded = repo.yore("--json", "snapshot", "orders").json()[-1]["base_backup"]
        check({"$libdir/ltree", "$libdir/plpgsql", "pg_stat_statements", "auto_explain"}
              <= set(recorded["libraries"]), str(recorded))
        version = server.psql("select pg_collation_actual_version(oid) from pg_collation "
                              "where collname = 'de-x-icu'")
        check(recorded["collations"] == [f"icu de {version}"], str(recorded))
        with open(os.path.join(server.data, "pg_hba.conf"), "w", encoding="utf-8") as rules:
            rules.write(f"local replication all trust\nlocal postgres {server.user} trust\n")
        server.psql("select pg_reload_conf()")
        repo.yore("source", "add", "bare", "--postgresql",
                  f"host={server.place} port={server.port} user=yore")
        recorded = repo.yore("--json", "snapshot", "bare").json()[-1]["base_backup"]
        check(recorded["libraries"] == recorded["collations"] == [], str(recorded))


def a_silent_host_is_passed_over():
    """One that takes connections and says nothing: for as long as it may, or until a stop."""
    with Readable() as scratch, Server() as server, socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        server.initdb()
        server.start()
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "db", "--postgresql",
                  f"host=127.0.0.1,{server.place} port={port},{server.port} user={server.user} "
                  "connect_timeout=2")
        began = time.monotonic()
        repo.yore("snapshot", "db")
        check(time.monotonic() - began > 2, "it was tried")
        alone = f"host=127.0.0.1 port={port} user={server.user} connect_timeout=300"
        repo.yore("source", "add", "alone", "--postgresql", alone)
        process = repo.start("snapshot", "alone")
        time.sleep(1)
        check(process.poll() is None, "it waits")
        process.send_signal(signal.SIGINT)
        check(process.wait(20) == 128 + signal.SIGINT, "it is stopped")
        repo.yore("source", "set", "alone", "--postgresql", alone.replace("=300", "=2"))
        said = repo.yore("snapshot", "alone", expect=FAILED)
        check(f"port {port}: no answer in 2 s" in said.err, said.err)


def dies_within(scratch, repo, server):
    """The server goes while it sends: the next run has what was stored by then."""
    server.pgbench("-i", "-q", "-s", "2")
    add(repo, "broken", server)
    process = repo.start("snapshot", "broken", "--max-rate", "20000")
    time.sleep(1.5)
    check(process.poll() is None, "it is on its way")
    server.stop("immediate")
    check(process.wait(30) == FAILED, "it says that it failed")
    said = process.stderr.read().decode()
    check("broke" in said or "server" in said, said)


if __name__ == "__main__":
    main(starts_by_itself, beside_writers_and_from_a_standby, damaged_pages_are_told,
         refusals_change_nothing, needs_are_recorded, a_silent_host_is_passed_over)
