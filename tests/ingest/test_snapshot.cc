// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>

#include <catch2/catch.hpp>

#include "ingest_fixture.h"

using namespace yore;
using namespace yore::ingest;
using ingest::test::Bench;
using tree::FileKind;

TEST_CASE("a snapshot holds the directory as it is") {
    Bench bench;
    bench.write("a.txt", "alpha");
    bench.make_directory("d/e");
    bench.write("d/b.txt", std::string(100'000, 'b'));
    bench.write("d/e/empty", "");
    const catalog::Snapshot snapshot = bench.take();
    CHECK(snapshot.outcome == catalog::Outcome::complete);
    CHECK(snapshot.counts.files == 3);
    CHECK(snapshot.counts.directories == 3);
    CHECK(snapshot.counts.bytes == 100'005);
    CHECK(snapshot.counts.bytes_read >= 100'005);
    CHECK(snapshot.counts.files_unchanged == 0);
    CHECK(bench.names(snapshot, "") == std::vector<std::string>{"a.txt", "d"});
    CHECK(bench.content(snapshot, "a.txt") == "alpha");
    CHECK(bench.content(snapshot, "d/b.txt") == std::string(100'000, 'b'));
    CHECK(bench.content(snapshot, "d/e/empty").empty());
    CHECK(bench.catalog().latest(bench.source().id)->root == snapshot.root);
}

TEST_CASE("what is unchanged is taken over: no new node, no new chunk, the same root") {
    Bench bench;
    bench.write("a", "alpha");
    bench.make_directory("d");
    bench.write("d/b", std::string(100'000, 'b'));
    Bench::let_time_pass();
    const catalog::Snapshot first = bench.take();
    const store::StoreStats before = bench.store().stats();
    const catalog::Snapshot second = bench.take();
    const store::StoreStats after = bench.store().stats();
    CHECK(second.root == first.root);
    CHECK(second.counts.files_unchanged == 2);
    CHECK(second.counts.bytes_read == 0);
    CHECK(second.counts.files == 2);
    CHECK(after.nodes == before.nodes);
    CHECK(after.chunks == before.chunks);
    CHECK(second.name != first.name);
}
