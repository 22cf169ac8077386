// SPDX-License-Identifier: Apache-2.0
#include "command_fixture.h"

using namespace yore;
using namespace yore::test;

namespace {

/// A source with as many snapshots, each with a file of its own.
std::vector<std::string> fill(CommandFixture& repo, Way way, int snapshots) {
    repo.run(way, "source-add", {{"name", "home"}, {"directory", repo.source()}});
    std::vector<std::string> names;
    for (int i = 0; i < snapshots; ++i) {
        repo.write("f", std::string(5000, static_cast<char>('a' + i)));
        names.push_back(repo.snapshot(way));
    }
    return names;
}

std::vector<bool> kept_by(const Heard& ran) {
    std::vector<bool> kept;
    for (const auto& verdict : ran.of("verdict")) kept.push_back(verdict["keep"].get<bool>());
    return kept;
}

}  // namespace

TEST_CASE("prune keeps what the source's policy or the given one says, and tells why") {
    const Way way = either_way();
    CommandFixture repo;
    const auto names = fill(repo, way, 4);
    CHECK(kept_by(repo.run(way, "prune", {})) == std::vector<bool>(4, true));
    const auto set = repo.run(way, "source-set", {{"name", "home"}, {"keep_last", 3}});
    CHECK(set.result["policy"] == nlohmann::json{{"keep_last", 3}});
    CHECK(set.result["victims"] == 1);
    REQUIRE(set.of("verdict").size() == 1);
    CHECK(set.of("verdict")[0]["snapshot"] == names[0]);
    const auto said = repo.run(way, "prune", {{"dry_run", true}});
    CHECK(kept_by(said) == std::vector<bool>{false, true, true, true});
    CHECK(said.of("verdict")[3]["reason"] == "last 1 of 3, the newest good one");
    CHECK(repo.run(way, "snapshots", {}).of("snapshot").size() == 4);
    CHECK(repo.run(way, "prune", {}).result["removed"] == 1);
    const auto given = repo.run(way, "prune", {{"sources", {"home"}}, {"keep_last", 1}});
    CHECK(given.result["removed"] == 2);
    CHECK(repo.run(way, "snapshots", {}).texts("snapshot", "name") == Names{names[3]});
    CHECK(repo.failure(way, "prune", {{"keep_last", 1}}) == Errc::invalid);
    CHECK(repo.failure(way, "prune", {{"dry_run", true}, {"collect", true}}) == Errc::invalid);
    CHECK(repo.run(way, "prune", {{"collect", true}}).result["collected"]["packs"] >= 1);
    CHECK(repo.failure(way, "prune", {{"sources", {"home"}}, {"window", "7 days"}}) ==
          Errc::invalid);
    CHECK(repo.failure(way, "source-set", {{"name", "home"}}) == Errc::invalid);
    const auto window = repo.run(way, "prune", {{"sources", {"home"}}, {"window", "7d"}});
    REQUIRE(window.of("window").size() == 1);
}

TEST_CASE("what is held is not pruned until it is released") {
    const Way way = either_way();
    CommandFixture repo;
    const auto names = fill(repo, way, 3);
    const auto hold =
        repo.run(way, "hold-add", {{"moment", "home@" + names[0]}, {"reason", "audit"}}).result;
    CHECK(hold["what"] == names[0]);
    CHECK(hold["until"].is_null());
    repo.run(way, "hold-add", {{"moment", "home@now-2d..now-1d"}, {"until", "30d"}});
    CHECK(repo.run(way, "hold-list", {}).of("held").size() == 2);
    const nlohmann::json last{{"sources", {"home"}}, {"keep_last", 1}};
    const auto pruned = repo.run(way, "prune", last);
    CHECK(kept_by(pruned) == std::vector<bool>{true, false, true});
    CHECK(pruned.of("verdict")[0]["reason"] == "hold 1");
    CHECK(repo.failure(way, "source-remove", {{"name", "home"}, {"purge", "home"}}) ==
          Errc::invalid);
    repo.run(way, "hold-release", {{"hold", 1}});
    CHECK(repo.failure(way, "hold-release", {{"hold", 1}}) == Errc::not_found);
    CHECK(repo.run(way, "prune", last).result["removed"] == 1);
    for (const char* bad : {"home@tomorrow", "home@now..now-1d", "home@now..x", "home"})
        CHECK(repo.failure(way, "hold-add", {{"moment", bad}}) == Errc::invalid);
    CHECK(repo.failure(way, "hold-add", {{"moment", "home@latest"}, {"until", "2001-01-01"}}) ==
          Errc::invalid);
}

TEST_CASE("collect gives back what was pruned, and a purge all") {
    const Way way = either_way();
    CommandFixture repo;
    fill(repo, way, 3);
    const auto chunks = [&] { return repo.run(way, "stats", {}).result["chunks"]; };
    CHECK(chunks() == 3);
    CHECK(repo.run(way, "collect", {}).result["packs_dropped"] == 0);
    repo.run(way, "prune", {{"sources", {"home"}}, {"keep_last", 1}});
    const auto said = repo.run(way, "collect", {{"dry_run", true}}).result;
    CHECK(chunks() == 3);
    const auto done = repo.run(way, "collect", {}).result;
    CHECK(done["bytes_dropped"] == said["bytes_dropped"]);
    CHECK(chunks() == 1);
    CHECK(repo.run(way, "verify", {{"level", 2}}).result["damaged"] == 0);
    CHECK(repo.run(way, "source-remove", {{"name", "home"}}).result["gone"] == false);
    CHECK(repo.failure(way, "snapshot", {{"source", "home"}}) == Errc::invalid);
    CHECK(repo.failure(way, "source-remove", {{"name", "home"}, {"purge", "hom"}}) ==
          Errc::invalid);
    const auto purged = repo.run(way, "source-remove", {{"name", "home"}, {"purge", "home"}});
    CHECK(purged.result["snapshots"] == 1);
    repo.run(way, "collect", {});
    CHECK(chunks() == 0);
    CHECK(repo.run(way, "source-list", {}).of("source").empty());
}
