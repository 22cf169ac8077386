// SPDX-License-Identifier: Apache-2.0
/// Sources, snapshots, streams, keys, verify, info; both ways.
#include <sys/stat.h>

#include "command_fixture.h"

using namespace yore;
using namespace yore::test;

namespace {

store::Credentials passphrase(std::string_view text) {
    return {store::SlotKind::passphrase, crypto::SecretBytes::copy_of(as_bytes(text))};
}

}  // namespace

TEST_CASE("commands are sorted, found by name, and nothing else is") {
    const auto all = command::commands();
    CHECK(std::ranges::is_sorted(all, {}, &command::Command::name));
    for (const auto& one : all) CHECK(command::find_command(one.name) == &one);
    CHECK(command::find_command("") == nullptr);
    CHECK(command::find_command("nope") == nullptr);
    CommandFixture repo;
    CHECK(repo.failure(Way::here, "nope", {}) == Errc::unsupported);
    CHECK(repo.failure(Way::through_socket, "nope", {}) == Errc::unsupported);
}

TEST_CASE("a request with a field too many, too few or of another kind is refused", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    repo.snapshot();
    CHECK(repo.failure(way, "info", {{"x", 1}}) == Errc::invalid);
    CHECK(repo.failure(way, "ls", nlohmann::json::object()) == Errc::invalid);
    CHECK(repo.failure(way, "ls", {{"moment", 7}}) == Errc::invalid);
    CHECK(repo.failure(way, "ls", {{"moment", "home@latest"}, {"recursive", "yes"}}) ==
          Errc::invalid);
    CHECK(repo.failure(way, "du", {{"moment", "home@latest"}, {"depth", -1}}) == Errc::invalid);
    CHECK(repo.failure(way, "cat", {{"moment", "home@latest"}, {"paths", "a"}}) == Errc::invalid);
    CHECK(repo.failure(way, "snapshot", {{"source", "home"}, {"tags", {1}}}) == Errc::invalid);
    CHECK(repo.failure(way, "info", nlohmann::json::array()) == Errc::invalid);
    CHECK(repo.failure(way, "verify", {{"sample", 0}}) == Errc::invalid);
    CHECK(repo.failure(way, "verify", {{"level", 3}}) == Errc::invalid);
}

TEST_CASE("sources are added, listed, shown and removed", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    const nlohmann::json home{{"name", "home"},
                              {"directory", repo.source()},
                              {"excludes", {"*.o"}},
                              {"one_file_system", true}};
    const auto added = repo.run(way, "source-add", home).result;
    CHECK(added["directory"] == repo.source());
    CHECK(added["excludes"] == nlohmann::json{"*.o"});
    CHECK(added["one_file_system"] == true);
    CHECK(repo.failure(way, "source-add", home) == Errc::exists);
    CHECK(repo.failure(way, "source-add", {{"name", "x"}, {"directory", "/no/such"}}) ==
          Errc::not_found);
    CHECK(repo.failure(way, "source-add", {{"name", "at"}, {"directory", "/"}}) == Errc::invalid);
    const auto listed = repo.run(way, "source-list", {});
    REQUIRE(listed.of("source").size() == 1);
    CHECK(listed.of("source")[0]["latest"].is_null());
    const auto name = repo.snapshot(way);
    CHECK(repo.run(way, "source-list", {}).of("source")[0]["latest"] == name);
    const auto shown = repo.run(way, "source-show", {{"name", "home"}}).result;
    CHECK(shown["snapshots"] == 1);
    CHECK(shown["latest"]["name"] == name);
    CHECK(repo.failure(way, "source-show", {{"name", "nope"}}) == Errc::not_found);
    repo.run(way, "source-add", {{"name", "none"}, {"directory", repo.source()}});
    repo.run(way, "source-remove", {{"name", "none"}});
    CHECK(repo.run(way, "source-list", {}).texts("source", "name") == Names{"home"});
}

TEST_CASE("a snapshot counts, carries tags, and is listed", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    repo.write("a", "12345");
    repo.run(way, "source-add", {{"name", "home"}, {"directory", repo.source()}});
    const auto taken = repo.run(way, "snapshot", {{"source", "home"}, {"tags", {{"why", "test"}}}});
    CHECK(taken.result["counts"]["files"] == 1);
    CHECK(taken.result["counts"]["bytes"] == 5);
    CHECK(taken.result["outcome"] == "complete");
    CHECK(taken.result["tags"]["why"] == "test");
    CHECK_FALSE(taken.result.contains("exit_code"));
    const auto second = repo.snapshot(way);
    const auto listed = repo.run(way, "snapshots", {{"source", "home"}});
    CHECK(listed.texts("snapshot", "name") == Names{taken.result["name"], second});
    CHECK(listed.result["count"] == 2);
    CHECK(listed.of("snapshot")[0]["tags"]["why"] == "test");
    CHECK(repo.run(way, "snapshots", {}).of("snapshot").size() == 2);
    CHECK(repo.failure(way, "snapshots", {{"source", "nope"}}) == Errc::not_found);
    CHECK(repo.failure(way, "snapshot", {{"source", "nope"}}) == Errc::not_found);
}

TEST_CASE("the repository is never in its own backup", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    repo.write("a", "1");
    repo.run(way, "source-add", {{"name", "all"}, {"directory", repo.scratch.path()}});
    repo.run(way, "snapshot", {{"source", "all"}});
    for (const auto& path : repo.run(way, "ls", {{"moment", "all@latest"}, {"recursive", true}})
                                .texts("entry", "path"))
        CHECK_FALSE(path.starts_with("repository/"));
}

TEST_CASE("a stream becomes a file of a source of its own", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    std::string dump(1'000'003, 'x');
    SeededRandom(3).fill({reinterpret_cast<std::byte*>(dump.data()), dump.size()});
    const nlohmann::json request{{"source", "shop"}, {"stream", true}, {"file", "shop.sql"}};
    CHECK(repo.run(way, "snapshot", request, dump).result["counts"]["bytes"] == dump.size());
    CHECK(repo.run(way, "cat", {{"moment", "shop@latest"}, {"paths", {"shop.sql"}}}).content ==
          dump);
    repo.run(way, "snapshot", request, "");
    CHECK(
        repo.run(way, "cat", {{"moment", "shop@latest"}, {"paths", {"shop.sql"}}}).content.empty());
    repo.snapshot(way);
    CHECK(repo.failure(way, "snapshot", {{"source", "home"}, {"stream", true}, {"file", "f"}},
                       "x") == Errc::invalid);
    CHECK(repo.failure(way, "snapshot", {{"source", "shop"}}) == Errc::invalid);
    CHECK(repo.failure(way, "snapshot", {{"source", "shop"}, {"stream", true}}) == Errc::invalid);
}

TEST_CASE("an error has the same code, message and hints either way") {
    CommandFixture repo;
    repo.snapshot();
    const std::pair<const char*, nlohmann::json> refused[] = {
        {"key-remove", {{"slot", "ff"}}},
        {"ls", {{"moment", "home@1999-01-01"}}},
        {"source-add", {{"name", "x"}, {"directory", "/no/such"}}},
        {"snapshot", {{"source", "nope"}}},
    };
    for (const auto& [command, request] : refused) {
        const auto told = [&, name = command, asked = request](Way way) {
            try {
                repo.run(way, name, asked);
            } catch (const Error& error) {
                return error.full_text() + std::string(name_of(error.code()));
            }
            return std::string();
        };
        const auto here = told(Way::here);
        CHECK_FALSE(here.empty());
        CHECK(told(Way::through_socket) == here);
    }
}

TEST_CASE("a command that is stopped while it reads is cancelled and stores nothing",
          "[commands]") {
    struct Stopping final : command::Input {
        std::stop_source stop;
        std::size_t read(MutableBytes into, const std::stop_token&) override {
            stop.request_stop();
            into[0] = std::byte{'x'};
            return 1;  // and never an end
        }
    };
    const Way way = either_way();
    CommandFixture repo;
    Stopping input;
    const nlohmann::json request{{"source", "db"}, {"stream", true}, {"file", "db.sql"}};
    CHECK(code_thrown_by([&] {
              repo.run_with(way, "snapshot", request, input, input.stop.get_token());
          }) == Errc::cancelled);
    CHECK(repo.run(way, "snapshots", {}).of("snapshot").empty());
}

TEST_CASE("input is read only by commands that want it", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    TextInput input("never read");
    repo.run_with(way, "info", {}, input);
    CHECK_FALSE(input.was_read());
}

TEST_CASE("keys are added, listed, rotated and removed; each opens", "[commands]") {
    const Way way = either_way();
    CommandFixture repo(passphrase("one"));
    const auto opens = [&](std::string_view text) {
        const auto file = command::load_key_file(repo.scratch / "repository");
        return !code_thrown_by([&] { (void)file.unlock(passphrase(text)); });
    };
    CHECK(opens("one"));
    const std::string added =
        repo.run(way, "key-add", {{"kind", "passphrase"}, {"label", "second"}}, "two").result["id"];
    CHECK(opens("two"));
    const auto listed = repo.run(way, "key-list", {});
    CHECK(listed.texts("key", "label") == Names{"first", "second"});
    CHECK(listed.of("key")[1]["id"] == added);
    repo.run(way, "key-rotate", {{"slot", added}, {"kind", "passphrase"}}, "three");
    CHECK_FALSE(opens("two"));
    CHECK(opens("three"));
    CHECK(repo.failure(way, "key-rotate", {{"kind", "passphrase"}}, "x") == Errc::invalid);
    const std::string first = listed.of("key")[0]["id"];
    repo.run(way, "key-remove", {{"slot", first}});
    CHECK_FALSE(opens("one"));
    CHECK(repo.failure(way, "key-remove", {{"slot", added}}) == Errc::invalid);  // the last one
    CHECK(repo.failure(way, "key-remove", {{"slot", "zz"}}) == Errc::not_found);
    CHECK(repo.failure(way, "key-add", {{"kind", "passphrase"}}, "") == Errc::invalid);
    CHECK(repo.failure(way, "key-add", {{"kind", "keyfile"}}, "short") == Errc::invalid);
    CHECK(repo.failure(way, "key-add", {{"kind", "door"}}, "x") == Errc::invalid);
    CHECK(repo.failure(way, "key-add", {{"kind", "passphrase"}}, std::string(70'000, 'x')) ==
          Errc::invalid);
    CHECK(opens("three"));
}

TEST_CASE("a repository that is not encrypted takes no keys", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    CHECK(repo.run(way, "key-list", {}).of("key").empty());
    CHECK(repo.failure(way, "key-add", {{"kind", "passphrase"}}, "x") == Errc::invalid);
}

TEST_CASE("verify finds nothing wrong with what is right", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    repo.write("a", "12345");
    repo.snapshot(way);
    for (const unsigned level : {1u, 2u}) {
        const auto heard = repo.run(way, "verify", {{"level", level}});
        CHECK(heard.of("damage").empty());
        CHECK(heard.result["damaged"] == 0);
        CHECK(heard.result["level"] == level);
        CHECK_FALSE(heard.result.contains("exit_code"));
    }
    const auto limited = repo.run(way, "verify", {{"max_time", "1h"}}).result;
    CHECK(limited["level"] == 2);
    CHECK(limited["packs_read"] == limited["packs"]);
    CHECK(limited["verified"]["never_bytes"] == 0);
    CHECK(repo.run(way, "stats", {}).result["verified"] == limited["verified"]);
    const nlohmann::json lately{{"older_than", "1d"}};
    CHECK(repo.run(way, "verify", lately).result["packs_read"] == 0);
    CHECK(repo.failure(way, "verify", {{"level", 1}, {"max_time", "1h"}}) == Errc::invalid);
    CHECK(repo.run(way, "verify", {{"level", 2}, {"sample", 0.5}}).result["sample"] == 0.5);
}

TEST_CASE("info and stats tell what there is", "[commands]") {
    const Way way = either_way();
    CommandFixture repo;
    repo.write("a", std::string(100'000, 'x'));
    repo.snapshot(way);
    repo.snapshot(way);
    const auto info = repo.run(way, "info", {}).result;
    CHECK(info["repository"] == repo.scratch / "repository");
    CHECK(info["encryption"] == "none");
    CHECK(info["sources"] == 1);
    CHECK(info["owner"]["command"] == "yore test");
    CHECK(info["mounts"].empty());
    const auto stats = repo.run(way, "stats", {}).result;
    CHECK(stats["snapshots"] == 2);
    CHECK(stats["logical_bytes"] == 200'000);
    CHECK(stats["unique_bytes"] <= 100'000);
    CHECK(stats["stored_bytes"] < 10'000);
}

TEST_CASE("only a process that stays takes a mount", "[commands]") {
    const Way way = either_way();
    CommandFixture repo({}, command::OwnerLife::command);
    const auto directory = repo.scratch / "mnt";
    std::filesystem::create_directory(directory);
    CHECK(repo.failure(way, "mount", {{"directory", directory}}) == Errc::busy);
    CHECK(repo.failure(way, "umount", {{"directory", directory}}) == Errc::not_found);
}
