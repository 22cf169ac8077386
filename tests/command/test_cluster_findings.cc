// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "command/cluster_findings.h"
#include "command/row_sums.h"

using namespace yore;
using namespace yore::command;
using Findings = std::vector<ClusterFinding>;

TEST_CASE("each object that pg_amcheck names is told with the first line of what is wrong") {
    CHECK(read_amcheck("") == Findings{});
    CHECK(read_amcheck("btree index \"shop.public.orders_pkey\":\n"
                       "    ERROR:  item order invariant violated for index \"orders_pkey\"\n"
                       "    DETAIL:  Lower index tid=(1,2)\n"
                       "heap table \"shop.public.orders\", block 7, offset 3:\n"
                       "    xmin 4294967295 equals or exceeds next valid transaction ID 0:740\n") ==
          Findings{{"btree index \"shop.public.orders_pkey\"",
                    "item order invariant violated for index \"orders_pkey\""},
                   {"heap table \"shop.public.orders\", block 7, offset 3",
                    "xmin 4294967295 equals or exceeds next valid transaction ID 0:740"}});
}

TEST_CASE("each block that pg_checksums names is told") {
    CHECK(read_checksums("pg_checksums: error: checksum verification failed in file "
                         "\"./base/5/16384\", block 2: calculated checksum 1A2B but block contains "
                         "0\nChecksum operation completed\nBad checksums:  1\n") ==
          Findings{{"file \"./base/5/16384\", block 2",
                    "calculated checksum 1A2B but block contains 0"}});
}

TEST_CASE("the warnings of a client name their object") {
    CHECK(read_warnings("NOTICE:  x: y\nWARNING:  btree index \"a.b.c\": it is wrong\n") ==
          Findings{{"btree index \"a.b.c\"", "it is wrong"}});
}

TEST_CASE("the relation of a finding is named as SQL wants it") {
    CHECK(object_of({"btree index \"shop.public.odd\"name\"", ""}) ==
          AmcheckObject{"shop", "\"public\".\"odd\"\"name\""});
    CHECK(object_of({"heap table \"shop.public.orders\", block 7", ""}).database == "shop");
    CHECK(object_of({"assertion 1", ""}) == AmcheckObject{});
}

TEST_CASE("an order that is another here, and a library that is missing, are told apart") {
    CHECK(is_of_order({"btree index \"a.b.c\"", "item order invariant violated for index \"c\""}));
    CHECK_FALSE(is_of_order({"btree index \"a.b.c\"", "index \"c\" meta page is corrupt"}));
    CHECK_FALSE(is_of_order({"heap table \"a.b.c\"", "item order invariant violated"}));
    CHECK(is_of_library("ERROR: could not access file \"$libdir/postgis-3\": No such file"));
    CHECK_FALSE(is_of_library("could not read block 7"));
}

TEST_CASE("what is wrong outweighs what the host lacks, and the first few are named") {
    using catalog::ProofOutcome;
    CHECK(judge({}).outcome == ProofOutcome::passed);
    const ClusterFinding missing{"library x", "is not here", true};
    CHECK(judge({missing}).outcome == ProofOutcome::not_tried);
    CHECK(judge({missing}).reason == "library x: is not here");
    const auto verdict =
        judge({missing, {"a", "1"}, {"b", "2"}, {"c", "3"}, {"d", "4"}, {"e", "5"}});
    CHECK(verdict.outcome == ProofOutcome::failed);
    CHECK(verdict.reason == "a: 1; b: 2; c: 3; and 2 more");
}

TEST_CASE("tables of two states are compared by their rows, and each difference is named") {
    const RowSum orders{"shop.public.orders", "7", "-12", ""};
    const RowSums here{{{"shop", "16384"}, orders}, {{"postgres", "1259"}, {"c", "400", "3", ""}}};
    CHECK(differences(here, here, "base backup X") == Findings{});

    RowSums there = here;
    there[{"shop", "16384"}].rows = "8";
    there[{"postgres", "1259"}].sum = "4";
    CHECK(differences(here, there, "base backup X") ==
          Findings{{"table \"c\"", "its 400 rows are not those of base backup X"},
                   {"table \"shop.public.orders\"", "7 rows, and 8 in base backup X"}});

    there = here;
    there.erase({"shop", "16384"});
    there[{"shop", "16390"}] = {"shop.public.new", "1", "5", ""};
    CHECK(differences(here, there, "base backup X") ==
          Findings{{"table \"shop.public.orders\"", "is not in base backup X"},
                   {"table \"shop.public.new\"", "is in base backup X alone"}});
}

TEST_CASE("a table that can be read in one state alone is a difference, in none is of the host") {
    const RowSums whole{{{"shop", "16384"}, {"shop.public.orders", "7", "-12", ""}}};
    const RowSums broken{{{"shop", "16384"}, {"shop.public.orders", "", "", "invalid page"}}};
    CHECK(differences(broken, whole, "X") ==
          Findings{{"table \"shop.public.orders\"", "cannot be read: invalid page"}});
    CHECK(differences(whole, broken, "X") ==
          Findings{{"table \"shop.public.orders\"", "cannot be read in X: invalid page"}});
    const auto both = differences(broken, broken, "X");
    REQUIRE(both.size() == 1);
    CHECK(both[0].of_host);
}
