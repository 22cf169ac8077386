# SPDX-License-Identifier: Apache-2.0
"""Level 3 of verify of PostgreSQL clusters: a server on a clone, amcheck, checksums, assertions."""
import contextlib
import os
import struct

from exposition import Exposition
from harness import DAMAGED, FAILED, Scratch, check, main
from postgres import Server

PAGE, HEADER, ITEM = 8192, 24, 4
SERIES = (("source", "orders"),)


class Orders:
    """A cluster with a table and indexes, its repository, and no snapshot yet."""

    def __init__(self, scratch, db, *options):
        self.db, self.repo = db, scratch.repository(encryption="none")
        os.chmod(scratch.root, 0o755)
        self.scratch = scratch
        self.repo.environment["YORE_RUNTIME_DIR"] = scratch.path("run")
        db.initdb(*options)
        db.start()
        db.psql("create database shop")
        db.psql("create table t as select i, 'name ' || i as name from generate_series(1, 5000) i;"
                "create index t_i on t (i); create index t_name on t (name)", database="shop")
        self.repo.yore("source", "add", "orders", "--postgresql", db.conninfo)

    def snapshot(self):
        self.repo.run("snapshot", "orders")

    def verify(self, *arguments, expect=0):
        told = self.repo.yore("verify", "--level", "3", *arguments, expect=expect)
        return self.repo.yore("source", "show", "orders", "--json").json()[-1]["proof"], told.out

    def output(self, proof):
        return self.repo.yore("jobs", "show", str(proof["job"])).out

    def change_page(self, relation, block, change):
        """Of the server's file, while it does not run."""
        path = os.path.join(self.db.data, self.db.psql(
            f"select pg_relation_filepath('{relation}')", database="shop").strip())
        self.db.psql("checkpoint")
        self.db.stop()
        with open(path, "r+b") as file:
            file.seek(block * PAGE)
            page = bytearray(file.read(PAGE))
            change(page)
            file.seek(block * PAGE)
            file.write(page)
        self.db.start()

    def without_checksums(self):
        self.db.stop()
        self.db.run_as_user("pg_checksums", "--disable", "-D", self.db.data)
        self.db.start()


@contextlib.contextmanager
def orders(*options):
    with Scratch() as scratch, Server() as db:
        yield Orders(scratch, db, *options)


def swap_items(page):
    """Two entries of an index page, so that they are in the wrong order."""
    first, second = (HEADER + ITEM * number for number in (9, 10))
    one, two = page[first:first + ITEM], page[second:second + ITEM]
    check(struct.unpack("<I", one)[0] != 0 and one != two, "there are entries")
    page[first:first + ITEM], page[second:second + ITEM] = two, one


def a_cluster_that_is_whole():
    with orders() as o:
        o.snapshot()
        rows = o.db.psql("select count(*) from pg_class", database="shop")
        statements = o.scratch.path("assertions.sql")
        with open(statements, "w", encoding="utf-8") as file:
            file.write("SELECT current_database() = 'postgres';\n\\connect shop\n"
                       "SELECT count(*) = 5000 FROM t; -- all; of them\n"
                       "SELECT i FROM t WHERE name IS NULL;\n"
                       "SELECT i = i FROM t LIMIT 3")
        o.repo.yore("source", "set", "orders", "--verify-sql", statements)
        proof, told = o.verify()
        check("1 passed" in told and proof["outcome"] == "passed", f"{told}{o.output(proof)}")
        shown = o.output(proof)
        check(shown.count("holds") == 4 and "Bad checksums:  0" in shown, shown)
        samples = Exposition(o.repo.yore("metrics").out).samples
        check(samples[("yore_source_proof_passed", SERIES)] == 1, "the figures tell")
        check(o.db.psql("select count(*) from pg_class", database="shop") == rows,
              "the original is as it was")
        check(o.db.psql("select count(*) from pg_extension where extname = 'amcheck'",
                        database="shop") == "0", "without the extension")
        clones = [row for row in o.repo.yore("clone", "list", "--json").json()
                  if row.get("event") == "clone"]
        check(clones == [], "no clone is left")
        proof, told = o.verify("--random")
        check(proof["outcome"] == "passed", told)


def an_assertion_that_fails():
    with orders() as o:
        o.snapshot()
        o.repo.yore("source", "set", "orders", "--verify-sql",
                    "SELECT true;\n\\c shop\nSELECT count(*) > 9000 FROM t;\n"
                    "SELECT i FROM t WHERE i > 4998 ORDER BY i; SELECT nonsense")
        proof, told = o.verify("orders", expect=DAMAGED)
        for words in ("assertion 2 (line 3)", "assertion 3 (line 4)", "returned `f`",
                      "returned `4999`", "assertion 4", "nonsense"):
            check(words in told, f"no {words} in {told}")
        check(proof["outcome"] == "failed" and "assertion 1" not in proof["reason"], f"{proof}")
        refused = o.repo.yore("source", "set", "orders", "--verify-sql", "SELECT 'x",
                              expect=FAILED)
        check("line 1" in refused.err, refused.err)
        o.repo.yore("source", "set", "orders", "--verify-sql", "")
        check(o.verify()[0]["outcome"] == "passed", "the cluster is whole")


def an_index_that_is_damaged():
    with orders() as o:
        o.without_checksums()
        o.change_page("t_i", 1, swap_items)
        o.snapshot()
        proof, told = o.verify(expect=DAMAGED)
        check("shop.public.t_i" in told and "order invariant" in told, told)
        check("t_name" not in proof["reason"], f"{proof}")
        check("no page checksums" in o.output(proof), "which it has none of")


def a_page_that_is_damaged():
    def flip(page):
        page[PAGE - 100] ^= 1

    with orders() as o:
        o.change_page("t", 3, flip)
        o.snapshot()
        proof, told = o.verify(expect=DAMAGED)
        check("shop.public.t" in told and "invalid page" in told, told)
        check("checksum verification failed" in o.output(proof), o.output(proof))


def what_this_host_lacks_is_no_damage():
    with orders("--locale-provider=icu", "--icu-locale=de") as o:
        o.db.psql("create extension ltree; create table trees as select 'a.b'::ltree as path;"
                  "create index trees_path on trees (path)", database="shop")
        o.db.psql("update pg_proc set probin = '$libdir/gone' where probin = '$libdir/ltree'",
                  database="shop")
        o.snapshot()
        proof, told = o.verify(expect=FAILED)
        check(proof["outcome"] == "not-tried" and "gone" in proof["reason"], told)
        check("library $libdir/gone is not here" in o.output(proof), o.output(proof))


def another_order_is_no_damage():
    """As on another host: its order of texts is not that by which the index was made."""
    with orders("--locale-provider=icu", "--icu-locale=de") as o:
        o.without_checksums()
        o.db.psql("update pg_database set datcollversion = '1.0'")
        o.change_page("t_name", 1, swap_items)
        o.snapshot()
        proof, told = o.verify(expect=FAILED)
        check(proof["outcome"] == "not-tried" and "t_name" in proof["reason"], told)
        check("collation" in proof["reason"] and "1.0" in proof["reason"], told)
        o.change_page("t_i", 1, swap_items)
        o.snapshot()
        proof, told = o.verify(expect=DAMAGED)
        check("t_i" in proof["reason"] and "t_name" not in proof["reason"], told)


if __name__ == "__main__":
    main(a_cluster_that_is_whole, an_assertion_that_fails, an_index_that_is_damaged,
         a_page_that_is_damaged, what_this_host_lacks_is_no_damage, another_order_is_no_damage)
