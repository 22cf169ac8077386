// SPDX-License-Identifier: Apache-2.0
/// Level 3 of verify, as far as it needs no mount: what is asked, refused, and recorded of it. With
/// mounts: tests/system/test_verify_command.py.
#include "command_fixture.h"

using namespace yore;
using namespace yore::test;

namespace {

void declare(CommandFixture& repo) {
    repo.run(Way::here, "source-add", {{"name", "home"}, {"directory", "/usr/include/arpa"}});
}

}  // namespace

TEST_CASE("what is not said of a source's check stays as it was") {
    CommandFixture repo;
    const Way way = either_way();
    declare(repo);
    const auto set = [&](nlohmann::json fields) {
        fields["name"] = "home";
        return repo.run(way, "source-set", fields).result["verify"];
    };
    CHECK(set({{"verify_command", "make check"}, {"verify_timeout", "30m"}}) ==
          nlohmann::json{{"command", "make check"}, {"timeout", "30m"}});
    CHECK(set({{"keep_last", 3u}}) ==
          nlohmann::json{{"command", "make check"}, {"timeout", "30m"}});
    CHECK(set({{"verify_timeout", "1h"}, {"verify_user", "root"}}) ==
          nlohmann::json{{"command", "make check"}, {"timeout", "1h"}, {"user", "root"}});
    const auto shown = repo.run(way, "source-show", {{"name", "home"}}).result;
    CHECK(shown["policy"] == nlohmann::json{{"keep_last", 3u}});
    CHECK(shown["proof"].is_null());
    CHECK(set({{"verify_command", ""}}) == nlohmann::json::object());
}

TEST_CASE("a check that cannot be is refused when it is set") {
    CommandFixture repo;
    declare(repo);
    repo.run(Way::here, "source-add", {{"name", "orders"}, {"postgresql", "host=db1"}});
    for (const nlohmann::json& fields :
         {nlohmann::json{{"name", "home"}, {"verify_user", "root"}},
          {{"name", "home"}, {"verify_timeout", "5m"}},
          {{"name", "home"}, {"verify_command", "true"}, {"verify_sql", "SELECT true"}},
          {{"name", "home"}, {"verify_command", "true"}, {"verify_timeout", "0s"}},
          {{"name", "home"}, {"verify_command", std::string((64u << 10) + 1, 'x')}},
          {{"name", "orders"}, {"verify_command", "true"}}}) {
        CAPTURE(fields.dump().substr(0, 100));
        CHECK(repo.failure(Way::here, "source-set", fields) == Errc::invalid);
    }
}

TEST_CASE("level 3 is refused before anything is tried where it has nothing to do") {
    CommandFixture repo;
    const Way way = either_way();
    declare(repo);
    for (const nlohmann::json& fields : {nlohmann::json{{"level", 3u}},
                                         {{"random", true}},
                                         {{"level", 3u}, {"moments", {"home"}}},
                                         {{"level", 2u}, {"random", true}},
                                         {{"level", 3u}, {"max_time", "1h"}},
                                         {{"level", 1u}, {"moments", {"home"}}},
                                         {{"level", 3u}, {"sample", 0.5}}}) {
        CAPTURE(fields.dump());
        CHECK(repo.failure(way, "verify", fields) == Errc::invalid);
    }
    CHECK(repo.failure(way, "verify", {{"level", 3u}, {"moments", {"away"}}}) == Errc::not_found);
}

TEST_CASE("a check of a source of which nothing is stored could not be tried, and is recorded") {
    CommandFixture repo;
    const Way way = either_way();
    declare(repo);
    repo.run(way, "source-set", {{"name", "home"}, {"verify_command", "true"}});
    const auto heard = repo.run(way, "verify", {{"level", 3u}});
    CHECK(heard.result["exit_code"] == 1);
    CHECK(heard.result["not_tried"] == 1);
    REQUIRE(heard.of("proof").size() == 1);
    const auto proof = repo.run(way, "source-show", {{"name", "home"}}).result["proof"];
    CHECK(proof["outcome"] == "not-tried");
    CHECK(proof["state"].is_null());
    CHECK(proof["last_passed"].is_null());
    CHECK(proof["job"] == heard.result["job"]);
    CHECK(repo.run(way, "stats", nlohmann::json::object()).result["proofs"].size() == 1);
}
