// SPDX-License-Identifier: Apache-2.0
#include <yore/base/file.h>

#include <filesystem>

#include "command/clone_record.h"
#include "command_fixture.h"

using namespace yore;
using namespace yore::test;
using command::CloneRecord;

namespace {

CloneRecord example_record() {
    CloneRecord record;
    record.name = "test";
    record.source = 3;
    record.source_name = "home";
    record.state = "2026-11-21T14-06-58Z";
    record.root = std::string(64, 'a');
    record.created = {1'795'226'400'000'000'001};
    record.until = Timestamp{1'795'230'000'000'000'001};
    record.directory = "/srv/odd\xff";
    record.directory_made = true;
    record.allow_other = true;
    record.changes = "/scratch/yore-clone-test";
    record.bytes_max = 1u << 30;
    record.hold = 7;
    record.phase = CloneRecord::Phase::resetting;
    return record;
}

}  // namespace

TEST_CASE("a clone's record is read as it was saved") {
    TemporaryDirectory repository;
    const CloneRecord saved = example_record();
    save(repository / "", saved);
    save(repository / "", saved);
    const auto found = command::find_clones(repository / "");
    REQUIRE(found.size() == 1);
    CHECK(found.at("test").failure.empty());
    const CloneRecord& read = found.at("test").record;
    CHECK(read.moment() == "home@2026-11-21T14-06-58Z");
    CHECK(read.name == saved.name);
    CHECK(read.source == saved.source);
    CHECK(read.root == saved.root);
    CHECK(read.created == saved.created);
    CHECK(read.until == saved.until);
    CHECK(read.directory == saved.directory);
    CHECK(read.directory_made);
    CHECK(read.allow_other);
    CHECK(read.changes == saved.changes);
    CHECK(read.bytes_max == saved.bytes_max);
    CHECK(read.hold == saved.hold);
    CHECK(read.phase == CloneRecord::Phase::resetting);
    command::remove_record(repository / "", "test");
    command::remove_record(repository / "", "test");
    CHECK(command::find_clones(repository / "").empty());
}

TEST_CASE("a damaged record names its clone, one that is missing was never finished") {
    TemporaryDirectory repository;
    for (const char* text : {"", "[]", "{}", "{\"format\": 2}"}) {
        std::filesystem::create_directories(repository / "clones/bad");
        replace_file(repository / "clones/bad/clone.json", as_bytes(text));
        const auto bad = command::find_clones(repository / "").at("bad");
        CHECK_FALSE(bad.failure.empty());
        CHECK(bad.record.phase == CloneRecord::Phase::whole);
    }
    std::filesystem::create_directories(repository / "clones/begun");
    const auto begun = command::find_clones(repository / "").at("begun");
    CHECK(begun.failure.empty());
    CHECK(begun.record.phase == CloneRecord::Phase::making);
    CHECK(begun.record.changes == command::default_changes(repository / "", "begun"));
}

TEST_CASE("a clone that is asked for wrongly is refused, and nothing is left of it") {
    const Way way = either_way();
    CommandFixture repo;
    repo.write("f", "content");
    repo.snapshot(way);
    const auto refused = [&](const nlohmann::json& more) {
        nlohmann::json request{{"moment", "home@latest"}, {"name", "test"}};
        request.update(more);
        return repo.failure(way, "clone-create", request);
    };
    CHECK(refused({{"name", "a/b"}}) == Errc::invalid);
    CHECK(refused({{"name", ".."}}) == Errc::invalid);
    CHECK(refused({{"moment", "home"}}) == Errc::not_found);  // it would be a clone's name
    CHECK(refused({{"moment", "home@2001-01-01T00:00Z"}}) == Errc::not_found);
    CHECK(refused({{"directory", "relative"}}) == Errc::invalid);
    CHECK(refused({{"directory", repo.source()}}) == Errc::invalid);
    CHECK(refused({{"scratch", "relative"}}) == Errc::invalid);
    CHECK(refused({{"scratch", repo.source() + "/f"}}) == Errc::invalid);
    CHECK(refused({{"scratch", repo.source()},
                   {"directory", repo.source() + "/yore-clone-test/in"}}) == Errc::invalid);
    CHECK(refused({{"max_bytes", 0}}) == Errc::invalid);
    CHECK(refused({{"ttl", "0s"}}) == Errc::invalid);
    for (const char* command : {"clone-show", "clone-mount", "clone-reset", "clone-remove"})
        CHECK(repo.failure(way, command, {{"clone", "test"}}) == Errc::not_found);
    CHECK(repo.run(way, "clone-list", {}).result["count"] == 0);
    CHECK(repo.run(way, "hold-list", {}).result["count"] == 0);
    CHECK(std::filesystem::is_empty(repo.scratch / "repository/clones"));
}

TEST_CASE("a process that ends with its command makes no clone") {
    CommandFixture repo({}, command::OwnerLife::command);
    repo.write("f", "content");
    repo.snapshot();
    CHECK(repo.failure(Way::here, "clone-create", {{"moment", "home@latest"}, {"name", "test"}}) ==
          Errc::busy);
}

TEST_CASE("the hold of a clone that is not there is released like any other") {
    CommandFixture repo;
    repo.write("f", "content");
    repo.snapshot();
    auto& catalog = repo.owner->context().catalog();
    const auto source = catalog.source("home").value().id;
    const auto hold = catalog.add_hold({.source = source, .clone = "gone"});
    CHECK(repo.run(Way::here, "hold-list", {}).of("held")[0]["clone"] == "gone");
    repo.run(Way::here, "hold-release", {{"hold", hold.number}});
    catalog.add_hold({.source = source, .clone = "gone"});
    repo.owner->context().clones().mount_all({});
    CHECK(catalog.holds(source).empty());
}
