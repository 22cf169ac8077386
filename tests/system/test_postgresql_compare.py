# SPDX-License-Identifier: Apache-2.0
"""A base backup that a server sent is compared with what is made without it, of a base backup that
was rolled forward and the log: they are the same, until something was changed behind the log."""
import contextlib
import os
import threading
import time

from archived import Archived
from harness import DAMAGED, FAILED, Scratch, check, main
from postgres import Server

PAGE = 8192


class Shop(Archived):
    """With tables of many kinds."""
    def __init__(self, scratch, server):
        super().__init__(scratch, server, checksums=False)
        server.psql("create database shop")
        self.sql("create table orders as select i as id, 'name ' || i as name "
                 "from generate_series(1, 5000) i; create index on orders (id);"
                 "create table old as select i as id, repeat('x', 100) as filler "
                 "from generate_series(1, 2000) i;"
                 "create unlogged table passing as select 1 as a;"
                 "create materialized view sums as select count(*) from orders;"
                 "create materialized view empty as select 1 as a with no data;"
                 'create table "odd ""name; drop\ttable x" (yore_row jsonb, a money, b float8[]);'
                 'insert into "odd ""name; drop\ttable x" values (\'{"a": 1}\', 5, \'{0.1}\');'
                 "create sequence numbers; select nextval('numbers');"
                 "create table parts (a int) partition by range (a);"
                 "create table part1 partition of parts for values from (0) to (9);"
                 "insert into parts values (5)")
        server.pgbench("-i", "-s", "1", "-q")
        self.repo.yore("source", "add", "db", "--postgresql", server.conninfo)

    def sql(self, statements):
        return self.server.psql(statements, database="shop")

    def snapshot(self):
        time.sleep(1.1)  # names are seconds
        return self.repo.yore("snapshot", "db", "--json").json()[-1]["name"]

    def roll(self):
        """What is written, and a base backup that is rolled forward to it."""
        time.sleep(1.1)
        self.sql("update orders set name = 'new ' || id where id % 3 = 0; checkpoint; "
                 "select nextval('numbers')")
        self.push()
        return self.repo.yore("roll-forward", "db", "--json").json()[-1]["name"]

    def compare(self, expect=0):
        told = self.repo.yore("verify", "--level", "3", "--compare", "db", expect=expect)
        proof = self.repo.yore("source", "show", "db", "--json").json()[-1]["proof"]
        return proof, told.out

    @contextlib.contextmanager
    def busy(self):
        """Transactions of many kinds go on meanwhile, one of which stays open."""
        over = threading.Event()

        def vacuum():
            while not over.is_set():
                self.sql("vacuum analyze; refresh materialized view sums; "
                         "select nextval('numbers')")
        writer = threading.Thread(target=vacuum)
        writer.start()
        bench = threading.Thread(target=self.server.pgbench, args=("-c", "2", "-T", "8", "-n"))
        bench.start()
        open_one = "create temp table mine as select 1 a; commit; begin; delete from orders"
        try:
            with self.server.holding(open_one, "shop"):
                time.sleep(1)
                yield
        finally:
            over.set()
            writer.join()
            bench.join()


def change_behind_the_log(shop):
    """A row's text in the server's own file, as a disk does that loses a bit."""
    server = shop.server
    path = os.path.join(server.data, shop.sql("select pg_relation_filepath('old')").strip())
    server.psql("checkpoint")
    server.stop()
    with open(path, "r+b") as file:
        page = file.read(PAGE)
        at = page.rindex(b"xxxx")
        file.seek(at)
        file.write(b"y")
    server.start()


def the_same_and_then_not():
    with Scratch() as scratch, Server() as server:
        shop = Shop(scratch, server)
        shop.snapshot()
        rolled = shop.roll()
        with shop.busy():
            taken = shop.snapshot()
        proof, told = shop.compare(expect=FAILED)
        check(proof["outcome"] == "not-tried" and "not stored up to" in proof["reason"], told)
        shop.push()
        proof, told = shop.compare()
        check(proof["outcome"] == "passed" and proof["compared"] == taken, f"{proof}{told}")
        check(proof["snapshot"] == rolled, f"of the one that was rolled forward: {proof}")
        check(f"compared with base backup {taken}" in shop.repo.yore("source", "show", "db").out,
              "it is shown")
        output = shop.repo.yore("jobs", "show", str(proof["job"])).out
        check(": 0 differ" in output, output)
        found_where_it_is(shop)


def found_where_it_is(shop):
    change_behind_the_log(shop)
    rolled = shop.roll()
    taken = shop.snapshot()
    shop.push()
    proof, told = shop.compare(expect=DAMAGED)
    check(proof["outcome"] == "failed" and proof["snapshot"] == rolled, f"{proof}")
    check(proof["compared"] == taken, f"{proof}")
    check(f'table "shop.public.old": its 2000 rows are not those of base backup {taken}' in told,
          told)
    check("orders" not in proof["reason"], f"nothing else: {proof}")


def nothing_to_compare():
    with Scratch() as scratch, Server() as server:
        server.initdb()
        server.start()
        repo = scratch.repository(encryption="none")
        repo.environment["YORE_RUNTIME_DIR"] = scratch.path("run")
        repo.yore("source", "add", "db", "--postgresql", server.conninfo)
        repo.yore("source", "add", "home", "--directory", scratch.path("run"))
        told = repo.yore("verify", "--compare").out
        check("0 passed, 0 failed, 0 not tried" in told, told)
        told = repo.yore("verify", "--compare", "home", expect=FAILED).err
        check("is a directory" in told, told)
        told = repo.yore("verify", "--compare", "db@latest", expect=FAILED).err
        check("name the source alone" in told, told)
        told = repo.yore("verify", "--compare", "db", expect=FAILED).out
        check("no base backup that a server sent" in told, told)
        repo.yore("verify", "--compare", "--random", expect=FAILED)


if __name__ == "__main__":
    main(the_same_and_then_not, nothing_to_compare)
