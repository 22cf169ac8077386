// SPDX-License-Identifier: Apache-2.0
// What a View that stays open shows of commits that come and go.
#include <algorithm>
#include <atomic>
#include <thread>

#include <nlohmann/json.hpp>

#include "view_fixture.h"

using namespace yore;
using namespace yore::test;

namespace {

struct Change {
    std::string directory, name;
    bool operator==(const Change&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Change& change) {
    return out << change.directory << "/" << change.name;
}

/// What `refresh` says, in words.
std::vector<Change> refreshed(ViewFixture& fixture) {
    std::vector<Change> changes;
    for (const auto& [directory, name] : fixture.view.refresh()) {
        Change change{"?", name};
        for (const char* path : {"", "home", "home/snapshots", "home/at"})
            if (fixture.is_there(path) && fixture.at(path).identity == directory.identity)
                change.directory = path;
        changes.push_back(change);
    }
    std::ranges::sort(changes, {}, [](const Change& c) { return std::pair(c.directory, c.name); });
    return changes;
}

Folder holding(ViewFixture& fixture, std::string_view text) {
    return {.files = {{"n", fixture.file(text)}}, .folders = {}, .xattrs = {}};
}

const std::vector<Change> moved = {{"home", "info.json"},
                                   {"home", "windows.json"},
                                   {"home/at", "earliest"},
                                   {"home/at", "latest"},
                                   {"home/snapshots", "latest"}};
std::vector<Change> with_moved(Change change) {
    std::vector<Change> all = moved;
    all.push_back(std::move(change));
    std::ranges::sort(all, {}, [](const Change& c) { return std::pair(c.directory, c.name); });
    return all;
}

}  // namespace

TEST_CASE("Refresh names what appeared, went or moved, once") {
    ViewFixture fixture;
    CHECK(refreshed(fixture).empty());
    const auto home = fixture.add("home");
    CHECK(refreshed(fixture) == std::vector<Change>{{"", "home"}});
    CHECK(refreshed(fixture).empty());
    const auto first = fixture.take(home, 0, {});
    CHECK(refreshed(fixture) == with_moved({"home/snapshots", "2026-11-21T02-00-00Z"}));
    CHECK(refreshed(fixture).empty());
    (void)fixture.file("a commit of packs alone");
    fixture.writer->commit({});
    CHECK(refreshed(fixture).empty());
    fixture.remove(first);
    CHECK(refreshed(fixture) == with_moved({"home/snapshots", "2026-11-21T02-00-00Z"}));
    fixture.catalog.remove_source("home", {7});
    CHECK(refreshed(fixture) == std::vector<Change>{{"", "home"}});
}

TEST_CASE("New snapshots are there without a remount, and what moved is another file") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    fixture.take(home, 0, holding(fixture, "1"));
    const auto latest = fixture.name_in("home/snapshots", "latest");
    const auto info = fixture.name_in("home", "info.json");
    const auto moment = fixture.at("home/at/2026-11-21T03:30Z");
    CHECK(fixture.bytes("home/snapshots/latest/n") == "1");
    fixture.take(home, 3600, holding(fixture, "2"));
    CHECK(fixture.bytes("home/snapshots/latest/n") == "2");
    CHECK(fixture.bytes("home/at/2026-11-21T03:30Z/n") == "2");
    CHECK(fixture.name_in("home/snapshots", "latest")->identity != latest->identity);
    CHECK(fixture.name_in("home", "info.json")->identity != info->identity);
    CHECK(fixture.at("home/at/2026-11-21T03:30Z").identity != moment.identity);
    // Who stands in the older one stays there.
    CHECK(fixture.bytes(*fixture.view.lookup(moment, "n")) == "1");
    CHECK(fixture.view.link_target(*latest) == "2026-11-21T02-00-00Z");
}

TEST_CASE("A moment of all sources that holds other links than before is another directory") {
    ViewFixture fixture;
    fixture.take(fixture.add("home"), 0, {});
    const std::string moment = "at/2026-11-21T03:30Z";
    const auto before = fixture.at(moment);
    const auto later = fixture.add("later");
    CHECK(fixture.at(moment).identity == before.identity);
    fixture.take(later, 7200, {});
    CHECK(fixture.at(moment).identity == before.identity);
    fixture.take(fixture.add("slow"), 100, {});
    CHECK(fixture.at(moment).identity != before.identity);
    CHECK(fixture.names(moment) == std::vector<std::string>{"home", "slow"});
}

TEST_CASE("A snapshot that was removed is absent, and one that took its name is another") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    const auto first = fixture.take(home, 0, holding(fixture, "1"));
    const std::string path = "home/snapshots/2026-11-21T02-00-00Z";
    const auto top = fixture.at(path);
    CHECK(fixture.bytes(path + "/n") == "1");
    fixture.remove(first);
    CHECK_FALSE(fixture.is_there(path));
    CHECK_FALSE(fixture.is_there("home/snapshots/latest"));
    CHECK_FALSE(fixture.is_there("home/at/now"));
    fixture.take(home, 0, holding(fixture, "2"));
    CHECK(fixture.bytes(path + "/n") == "2");
    CHECK(fixture.at(path).identity != top.identity);
    CHECK(fixture.bytes(*fixture.view.lookup(top, "n")) == "1");
}

TEST_CASE("info.json tells what a source is and how its newest snapshot went") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    auto info = nlohmann::json::parse(fixture.bytes("home/info.json"));
    CHECK(info["name"] == "home");
    CHECK(info["kind"] == "directory");
    CHECK(info["path"] == "/srv/home");
    CHECK(info["snapshots"] == 0);
    CHECK_FALSE(info.contains("latest"));
    auto snapshot = fixture.take(home, 0, holding(fixture, "1"));
    snapshot.outcome = catalog::Outcome::partial;
    snapshot.counts.bytes = 5'000'000'000;
    snapshot.counts.problems = 40;
    for (int i = 0; i < 40; ++i) snapshot.problems.push_back({"bad \xff name", "vanished"});
    const store::RecordChange change = catalog::Catalog::put(snapshot);
    fixture.store->commit({&change, 1});
    info = nlohmann::json::parse(fixture.bytes("home/info.json"));
    CHECK(info["snapshots"] == 1);
    CHECK(info["latest"]["name"] == "2026-11-21T02-00-00Z");
    CHECK(info["latest"]["outcome"] == "partial");
    CHECK(info["latest"]["files"] == 1);
    CHECK(info["latest"]["bytes"] == 5'000'000'000);
    CHECK(info["latest"]["problem_count"] == 40);
    CHECK(info["latest"]["first_problems"].size() == 20);
    const auto node = fixture.at("home/info.json");
    CHECK(fixture.view.attributes(node).stat.size == fixture.bytes(node).size());
    CHECK(fixture.view.attributes(node).stat.permissions == 0444);
    CHECK(fixture.view.attributes(node).stat.modified == snapshot.ended);
    CHECK(fixture.view.attributes(fixture.view.root()).stat.modified == snapshot.ended);
}

TEST_CASE("The README is ten lines or so, in plain ASCII, and does not change") {
    ViewFixture fixture;
    const std::string text = fixture.bytes("README.txt");
    const auto lines = std::ranges::count(text, '\n');
    CHECK(lines >= 8);
    CHECK(lines <= 12);
    CHECK(std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
    CHECK(fixture.view.attributes(fixture.at("README.txt")).stat.size == text.size());
}

TEST_CASE("Looking, listing and refreshing while snapshots come and go shows whole states only") {
    ViewFixture fixture;
    const auto grows = fixture.add("home");
    const auto changes = fixture.add("other");
    fixture.take(grows, 0, holding(fixture, "start"));
    std::atomic<bool> done{false};
    std::atomic<int> wrong{0}, looks{0};
    const auto look = [&] {
        while (!done) {
            const auto node = fixture.view.resolve("home/snapshots/latest/n");
            if (!node || fixture.view.attributes(*node).stat.size != 5) ++wrong;
            if (!fixture.view.resolve("home/at/now/n")) ++wrong;
            const auto perhaps = fixture.view.resolve("other/snapshots/latest/n");
            if (perhaps && fixture.view.attributes(*perhaps).stat.size != 6) ++wrong;
            std::string last;
            const auto check_order = [&](const view::Listing& listing) {
                if (last >= listing.name) ++wrong;
                last = listing.name;
                return true;
            };
            fixture.view.list(*fixture.view.resolve("home/snapshots"), 0, check_order);
            if (last != "latest") ++wrong;
            ++looks;
        }
    };
    {
        std::jthread one(look), two(look), three([&] {
            while (!done) (void)fixture.view.refresh();
        });
        for (int i = 1; i <= 50; ++i) {
            fixture.take(grows, i * 100, holding(fixture, fmt::format("{:05}", i)));
            fixture.remove(fixture.take(changes, 0, holding(fixture, fmt::format("{:06}", i))));
        }
        while (looks < 20) std::this_thread::yield();
        done = true;
    }
    CHECK(wrong == 0);
    CHECK(fixture.bytes("home/snapshots/latest/n") == "00050");
    CHECK_FALSE(fixture.is_there("other/snapshots/latest"));
}
