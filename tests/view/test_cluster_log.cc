// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/view/cluster_log.h>

#include <catch2/catch.hpp>

using namespace yore;
using namespace yore::view;
using namespace yore::postgresql;

namespace {

WalRecord at(std::uint64_t lsn) {
    return {.lsn = {lsn}, .end = {lsn + 64}, .previous = {}};
}

void add(catalog::LogSegment& segment, const WalRecord& record, const WalFact& fact) {
    for (auto& demand : demands_of(record, fact)) segment.demands.push_back(std::move(demand));
}

/// A cluster that is started with higher limits, gets a tablespace, is started with lower ones.
catalog::LogSegment restarted() {
    catalog::LogSegment segment;
    add(segment, at(0x3000100), ParameterChange{.limits = {150, 8, 10, 4, 64}});
    add(segment, at(0x3000200), TablespaceCreate{16385, "/srv/space"});
    add(segment, at(0x3000300), ParameterChange{.limits = {120, 20, 10, 0, 64}});
    return segment;
}

}  // namespace

TEST_CASE("What replay of a record asks of a server is kept with its place") {
    CHECK(demands_of(at(0x3000200), TablespaceCreate{16385, "/srv/space"}) ==
          std::vector{catalog::LogDemand{{0x3000200}, "tablespace", 16385, "/srv/space"}});
    const auto limits = demands_of(at(0x3000100), ParameterChange{.limits = {150, 8, 10, 0, 64}});
    REQUIRE(limits.size() == 4);  // that of 0 asks nothing
    CHECK(limits.front() == catalog::LogDemand{{0x3000100}, "max_connections", 150, {}});
    CHECK(demands_of(at(0x3000100), SegmentSwitch{}).empty());
}

TEST_CASE("Of limits the highest counts that was ever in force, and nothing behind the target") {
    ReplayDemands all;
    all.take(restarted(), {0x3000000}, {0x3000400});
    CHECK(all.limits == RecoveryLimits{150, 20, 10, 4, 64});
    REQUIRE(all.tablespaces.size() == 1);
    CHECK(all.tablespaces[0].path == "/srv/space");

    ReplayDemands before;
    before.take(restarted(), {0x3000000}, {0x30001ff});
    CHECK(before.limits.max_prepared_transactions == 4);
    CHECK(before.limits.max_worker_processes == 8);
    CHECK(before.tablespaces.empty());

    ReplayDemands behind;
    behind.take(restarted(), {0x3000201}, {0x3000400});
    CHECK(behind.limits.max_connections == 120);
    CHECK(behind.tablespaces.empty());
}

TEST_CASE("The first system's incarnations are numbered as its timelines, later ones above them") {
    CHECK(incarnation_number({1, {7}}) == 7);
    CHECK(incarnation_number({2, {1}}) == (1u << 20 | 1));
    CHECK(incarnation_number({2, {1}}) > incarnation_number({1, {0xFFFFF}}));
    for (const SystemTimeline line :
         {SystemTimeline{1, {1}}, SystemTimeline{3, {0xFFFFF}}, SystemTimeline{4096, {2}}})
        CHECK(system_timeline(incarnation_number(line)) == line);
    CHECK_THROWS_AS(incarnation_number({1, {1u << 20}}), Error);
    CHECK_THROWS_AS(incarnation_number({4097, {1}}), Error);
    CHECK(incarnation_name({1, {0x1A}}) == "0000001A");
    CHECK(incarnation_name({2, {1}}) == "sys2-00000001");
}

TEST_CASE("The history file of a later system names its timelines, not the incarnations") {
    const std::uint32_t first = incarnation_number({2, {1}}), next = incarnation_number({2, {2}});
    std::vector<catalog::LogIncarnation> lines(2);
    lines[0].number = first;
    lines[1].number = next;
    lines[1].fork = catalog::LogIncarnation::Fork{first, {0x3000060}};
    CHECK(history_text(lines, next) == "1\t0/3000060\ttold by Yore\n");
    CHECK_FALSE(history_text(lines, first));
}
