# SPDX-License-Identifier: Apache-2.0
"""`yore snapshot --dump`: what pg_dump writes, restored by pg_restore from the mount."""
import os
import signal
import time

from harness import check, FAILED, main, Scratch
from postgres import Server

ODD = "a/b 'c' %"


def dumped(repo, *options):
    return repo.yore("--json", "snapshot", "db", "--dump", *options).json()[-1]


def life(server):
    server.initdb()
    server.start()
    server.psql("create role shopper login password 'secret'; create role backup login replication")
    server.psql("create database shop owner shopper")
    server.psql('create database "%s"' % ODD)
    server.psql("create table goods as select i, md5(i::text) from generate_series(1, 90000) i;"
                "create table sold (i int); insert into sold values (1);"
                "select lo_from_bytea(777, 'large')", database="shop")
    server.psql("create table t as select 5 a", database=quoted(ODD))


def quoted(name):
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"


def what_is_dumped_is_restored():
    with Scratch() as scratch, Server() as server:
        life(server)
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "db", "--postgresql", server.conninfo)
        first = dumped(repo, "--scratch", scratch.root)
        check(first["outcome"] == "complete" and first["source"] == "db.dump"
              and first["path"] == server.conninfo and first["tags"] == {}, str(first))
        server.psql("insert into sold values (2)", database="shop")
        second = dumped(repo, "--scratch", scratch.root)
        check(second["counts"]["bytes"] > 3_000_000, str(second))
        check(second["counts"]["bytes_new"] < 100_000, f"the rest is there: {second}")
        check(not [name for name in os.listdir(scratch.root) if "dump" in name], "nothing is left")

        mount = repo.mount()
        at = f"{mount}/db.dump/snapshots/{first['name']}"
        check(sorted(os.listdir(f"{at}/databases")) == ["a%2Fb 'c' %25", "postgres", "shop"],
              str(os.listdir(f"{at}/databases")))
        with open(f"{at}/globals.sql", encoding="utf-8") as file:
            check("CREATE ROLE shopper" in file.read(), "roles are in it")
        server.psql("create database again; create database odd")
        server.run("pg_restore", "-d", f"{server.conninfo} dbname=again", f"{at}/databases/shop")
        check(server.psql("select (select count(*) from goods), (select sum(i) from sold), "
                          "convert_from(lo_get(777), 'UTF8')", database="again")
              == "90000|1|large", "the first dump, whole")
        server.run("pg_restore", "-d", f"{server.conninfo} dbname=odd",
                   f"{at}/databases/a%2Fb 'c' %25")
        check(server.psql("select a from t", database="odd") == "5", "odd names")
        newest = f"{mount}/db.dump/snapshots/latest/databases/shop"
        server.psql("drop table sold", database="again")
        server.run("pg_restore", "-d", f"{server.conninfo} dbname=again", "-t", "sold", newest)
        check(server.psql("select sum(i) from sold", database="again") == "3", "one table")


def refusals():
    with Scratch() as scratch, Server() as server:
        life(server)
        repo = scratch.repository(encryption="none")
        weak = server.conninfo.replace(f"user={server.user}", "user=backup")
        repo.yore("source", "add", "db", "--postgresql", weak)
        one = ("--database", "postgres", "--scratch", scratch.root)
        check(dumped(repo, *one)["tags"] == {"globals": "without passwords"}, "it is marked")
        for options, text in ((("--database", "shops"), "no database shops"),
                              (("--database", "shop"), "permission denied"),
                              (("--scratch", "/nowhere"), "/nowhere"),
                              (("--bindir", scratch.root), "no pg_dump in")):
            said = repo.yore("snapshot", "db", "--dump", *options, expect=FAILED)
            check(text in said.err, f"{options}: {said.err}")
        server.stop()
        said = repo.yore("snapshot", "db", "--dump", expect=FAILED)
        check("hint" in said.err, said.err)
        check(len(repo.yore("snapshots", "db.dump").out.splitlines()) == 2, "one snapshot, a title")


def one_that_is_killed():
    with Scratch() as scratch, Server() as server:
        life(server)
        repo = scratch.repository(encryption="none")
        repo.yore("source", "add", "db", "--postgresql", server.conninfo)
        place = scratch.path("scratch")
        os.mkdir(place)
        with server.holding("lock table goods in access exclusive mode", "shop"):
            for number in (signal.SIGKILL, signal.SIGINT):
                before = os.listdir(place)
                process = repo.start("snapshot", "db", "--dump", "--scratch", place)
                deadline = time.monotonic() + 20
                while not any(os.path.exists(f"{place}/{name}/databases/shop")
                              for name in os.listdir(place) if name not in before):
                    check(time.monotonic() < deadline, "it waits for the table")
                    time.sleep(0.05)
                process.send_signal(number)
                process.communicate(timeout=20)
                left = os.listdir(place)
                check(len(left) == (1 if number == signal.SIGKILL else 0), f"{number}: {left}")
        repo.yore("snapshot", "db", "--dump", "--scratch", place)
        check(os.listdir(place) == [], "what was left is gone")


if __name__ == "__main__":
    main(what_is_dumped_is_restored, refusals, one_that_is_killed)
