// SPDX-License-Identifier: Apache-2.0
#include <yore/command/command.h>
#include <yore/command/text.h>

#include <cstdlib>
#include <filesystem>
#include <set>

#include "../support.h"
#include "cli/arguments.h"

using namespace yore;
using namespace yore::cli;

namespace {

std::variant<Invocation, Answer> parse_words(const std::vector<std::string>& words) {
    std::vector<const char*> argv{"yore"};
    for (const std::string& word : words) argv.push_back(word.c_str());
    return parse(static_cast<int>(argv.size()), argv.data());
}

Invocation invocation(const std::vector<std::string>& words) {
    auto parsed = parse_words(words);
    if (auto* answer = std::get_if<Answer>(&parsed)) FAIL(answer->err);
    return std::get<Invocation>(parsed);
}

Answer answer(const std::vector<std::string>& words) {
    auto parsed = parse_words(words);
    REQUIRE(std::holds_alternative<Answer>(parsed));
    return std::get<Answer>(parsed);
}

const std::string here = std::filesystem::current_path();

/// One of each verb.
const std::vector<std::vector<std::string>> verb_lines{
    {"info"},
    {"stats"},
    {"status"},
    {"status", "home"},
    {"metrics"},
    {"verify"},
    {"key", "add"},
    {"key", "list"},
    {"key", "remove", "x"},
    {"key", "rotate"},
    {"source", "add", "n", "--directory", "/"},
    {"source", "import", "n", "--directory", "/"},
    {"source", "list"},
    {"source", "set", "n", "--keep-all"},
    {"source", "show", "n"},
    {"source", "remove", "n"},
    {"check", "n"},
    {"log", "push", "n", "pg_wal/x"},
    {"log", "fetch", "n", "x", "y"},
    {"snapshot", "n"},
    {"roll-forward", "n", "--to", "now-5m"},
    {"snapshots"},
    {"prune", "n", "--keep-last", "1"},
    {"collect"},
    {"clone", "create", "n@latest", "c"},
    {"clone", "list"},
    {"clone", "show", "c"},
    {"clone", "mount", "c"},
    {"clone", "reset", "c"},
    {"clone", "snapshot", "c"},
    {"clone", "remove", "c", "--force"},
    {"hold", "add", "n@latest"},
    {"hold", "list"},
    {"hold", "release", "1"},
    {"ls", "n@latest"},
    {"cat", "n@latest", "f"},
    {"find", "n@latest"},
    {"du", "n@latest"},
    {"query", "n@latest", "select 1"},
    {"tables", "n@latest"},
    {"dump", "n@latest"},
    {"diff", "n@a", "n@b"},
    {"restore", "n@latest", "--to", "/x"},
    {"versions", "n", "f"},
    {"log", "follow", "n"},
    {"log", "pause", "n"},
    {"log", "resume", "n"},
    {"source", "upgrade", "n"},
    {"log", "list", "n"},
    {"log", "status", "n"},
    {"windows", "n"},
    {"jobs", "list"},
    {"jobs", "show", "1"},
    {"jobs", "follow", "1"},
    {"jobs", "cancel", "1"},
    {"jobs", "pause", "1"},
    {"jobs", "resume", "1"},
    {"schedule", "list"},
    {"schedule", "show", "n"},
    {"schedule", "set", "n", "--cron", "@daily"},
    {"schedule", "remove", "n"},
    {"schedule", "pause", "n"},
    {"schedule", "resume", "n"},
    {"schedule", "run-now", "n"},
    {"mount", "/m"},
    {"umount", "/m"}};

}  // namespace

TEST_CASE("every verb leads to a command that exists") {
    std::set<std::string> seen;
    for (const auto& line : verb_lines) {
        const auto parsed = invocation(line);
        CAPTURE(parsed.command);
        CHECK(command::find_command(parsed.command) != nullptr);
        seen.insert(parsed.command);
    }
    CHECK(seen.size() == command::commands().size());  // and every command has its verb
}

TEST_CASE("options of all verbs stand before or behind the verb") {
    for (const auto& words : std::vector<std::vector<std::string>>{
             {"--repo", "r", "--json", "--cache-size", "64M", "ls", "n@latest"},
             {"ls", "n@latest", "--repo", "r", "--json", "--cache-size", "64M"}}) {
        const auto parsed = invocation(words);
        CHECK(parsed.repository == here + "/r");
        CHECK(parsed.json);
        CHECK(parsed.cache_bytes == 64u << 20);
    }
}

TEST_CASE("what is typed outweighs the environment") {
    ::setenv("YORE_REPO", "/from/environment", 1);
    ::setenv("YORE_KEY_FILE", "/env.key", 1);
    CHECK(invocation({"info"}).repository == "/from/environment");
    CHECK(invocation({"info", "--repo", "/typed"}).repository == "/typed");
    CHECK(invocation({"info"}).secret.key_file == "/env.key");
    const auto parsed = invocation({"info", "--passphrase-file", "p"});
    CHECK_FALSE(parsed.secret.key_file);
    CHECK(parsed.secret.passphrase_file == here + "/p");
    ::unsetenv("YORE_REPO");
    ::unsetenv("YORE_KEY_FILE");
}

TEST_CASE("requests hold what was typed, with absolute paths") {
    CHECK(invocation({"source", "add", "home", "--directory", "d/./e", "--exclude", "*.o",
                      "--exclude", "x", "--one-file-system"})
              .request == nlohmann::json{{"name", "home"},
                                         {"directory", here + "/d/e"},
                                         {"one_file_system", true},
                                         {"keep_cache_dirs", false},
                                         {"keep_nodump", false},
                                         {"excludes", {"*.o", "x"}}});
    CHECK(invocation({"snapshot", "home", "--tag", "a=b=c", "--tag", "d="}).request ==
          nlohmann::json{{"source", "home"}, {"tags", {{"a", "b=c"}, {"d", ""}}}});
    const auto find = invocation({"find", "h@latest", "p", "--type", "f", "--type", "l", "--size",
                                  "+1M", "--size", "-2M", "--newer", "now-1d"});
    CHECK(find.request == nlohmann::json{{"moment", "h@latest"},
                                         {"path", "p"},
                                         {"kinds", {"file", "symlink"}},
                                         {"size_min", 1u << 20},
                                         {"size_max", 2u << 20},
                                         {"newer", "now-1d"}});
    CHECK(invocation({"verify", "--level", "2", "--sample", "10%"}).request ==
          nlohmann::json{{"level", 2u}, {"sample", 0.1}});
    CHECK(invocation({"verify", "--max-time", "30m", "--older-than", "30d"}).request ==
          nlohmann::json{{"max_time", "30m"}, {"older_than", "30d"}});
    CHECK(
        invocation({"schedule", "set", "--task", "verify", "--cron", "@daily", "--max-time", "1h"})
            .request == nlohmann::json{{"task", "verify"}, {"cron", "@daily"}, {"max_time", "1h"}});
    CHECK(invocation({"schedule", "set", "db", "--task", "roll-forward", "--log", "16G"}).request ==
          nlohmann::json{{"source", "db"}, {"task", "roll-forward"}, {"log", 16ull << 30}});
    CHECK(invocation({"mount", "m"}).request["directory"] == here + "/m");
}

TEST_CASE("a check of level 3 is asked for, and declared, as it was said") {
    CHECK(invocation({"verify", "--compare", "db"}).request ==
          nlohmann::json{{"compare", true}, {"moments", {"db"}}});
    CHECK(invocation({"verify", "--level", "3", "--random", "home@latest", "etc"}).request ==
          nlohmann::json{{"level", 3u}, {"random", true}, {"moments", {"home@latest", "etc"}}});
    CHECK(invocation({"source", "set", "home", "--verify-command", "", "--verify-timeout", "5m",
                      "--verify-user", "backup"})
              .request == nlohmann::json{{"name", "home"},
                                         {"keep_all", false},
                                         {"verify_command", ""},
                                         {"verify_timeout", "5m"},
                                         {"verify_user", "backup"}});
    const auto sql = invocation({"source", "set", "orders", "--verify-sql", "SELECT true"});
    CHECK(sql.request["verify_sql"] == "SELECT true");
}

TEST_CASE("a clone's request holds what was said, and no more") {
    CHECK(invocation({"clone", "create", "n@latest", "c"}).request ==
          nlohmann::json{{"moment", "n@latest"}, {"name", "c"}});
    const auto asked = invocation({"clone", "create", "n@now-1h", "c", "--at", "x", "--scratch",
                                   "/s/", "--max-bytes", "1G", "--ttl", "2h", "--allow-other"});
    CHECK(asked.command == "clone-create");
    CHECK(asked.request == nlohmann::json{{"moment", "n@now-1h"},
                                          {"name", "c"},
                                          {"directory", here + "/x"},
                                          {"scratch", "/s"},
                                          {"max_bytes", 1u << 30},
                                          {"ttl", "2h"},
                                          {"allow_other", true}});
    CHECK(invocation({"clone", "create", "db@latest", "c", "--start", "--port", "6000", "--durable",
                      "--bindir", "b", "--role", "me"})
              .request == nlohmann::json{{"moment", "db@latest"},
                                         {"name", "c"},
                                         {"start", true},
                                         {"port", 6000},
                                         {"durable", true},
                                         {"programs", here + "/b"},
                                         {"role", "me"}});
    CHECK(answer({"clone", "create", "db@latest", "c", "--durable"}).exit_code == 2);
    CHECK(answer({"clone", "create", "n@latest", "c", "--ttl", "soon"}).exit_code == 2);
    CHECK(answer({"clone", "create", "n@latest"}).exit_code == 2);
    CHECK(answer({"clone"}).exit_code == 2);
}

TEST_CASE("what is asked of a cluster's moment arrives as it was said") {
    const auto asked = invocation({"query", "db@latest", "select 1", "-d", "shop", "--format",
                                   "csv", "--tuples-only", "--write", "--role", "me"});
    CHECK(asked.request == nlohmann::json{{"moment", "db@latest"},
                                          {"sql", "select 1"},
                                          {"database", "shop"},
                                          {"format", "csv"},
                                          {"tuples_only", true},
                                          {"write", true},
                                          {"role", "me"}});
    CHECK(asked.input == Invocation::Input::nothing);
    CHECK(invocation({"query", "db@latest"}).input == Invocation::Input::standard_input);
    CHECK(answer({"query", "db@latest", "select 1", "--format", "json"}).exit_code == 2);
    CHECK(invocation({"dump", "db@latest", "--table", "a.b", "-t", "c", "--", "-Fc", "--no-owner"})
              .request == nlohmann::json{{"moment", "db@latest"},
                                         {"tables", {"a.b", "c"}},
                                         {"options", {"-Fc", "--no-owner"}}});
}

TEST_CASE("names that are not UTF-8 arrive exactly") {
    const auto parsed = invocation({"ls", "h@latest", "bad\xff"});
    CHECK(command::get_bytes(parsed.request, "path") == "bad\xff");
    CHECK(command::to_line(parsed.request).find("path_base64") != std::string::npos);
}

TEST_CASE("a stream comes from standard input under a name") {
    const auto parsed = invocation({"snapshot", "db", "--stdin", "--as", "db.sql"});
    CHECK(parsed.input == Invocation::Input::standard_input);
    CHECK(parsed.request == nlohmann::json{{"source", "db"}, {"stream", true}, {"file", "db.sql"}});
    CHECK(answer({"snapshot", "db", "--stdin"}).exit_code == 2);
    CHECK(answer({"snapshot", "db", "--as", "x"}).exit_code == 2);
}

TEST_CASE("mistakes exit with 2, name what is wrong and say where help is") {
    for (const auto& words :
         std::vector<std::vector<std::string>>{{},
                                               {"nonsense"},
                                               {"ls"},
                                               {"ls", "--nonsense", "h@latest"},
                                               {"key"},
                                               {"find", "h@latest", "--type", "q"},
                                               {"find", "h@latest", "--size", "huge"},
                                               {"verify", "--level", "4"},
                                               {"verify", "--sample", "0"},
                                               {"verify", "--max-time", "soon"},
                                               {"verify", "--sample", "101%"},
                                               {"info", "--cache-size", "x"},
                                               {"snapshot", "h", "--tag", "novalue"},
                                               {"diff", "a@latest"},
                                               {"restore", "h@latest"}}) {
        const auto mistake = answer(words);
        CAPTURE(mistake.err);
        CHECK(mistake.exit_code == 2);
        CHECK(mistake.out.empty());
        CHECK(mistake.err.starts_with("yore: "));
        CHECK(mistake.err.find("--help` shows") != std::string::npos);
    }
    CHECK(answer({"key", "remove"}).err.find("`yore key remove --help`") != std::string::npos);
}

TEST_CASE("help and the version are answers, not mistakes") {
    CHECK(answer({"--version"}).out == "yore " YORE_VERSION "\n");
    CHECK(answer({"--help"}).exit_code == 0);
    CHECK(answer({"ls", "--help"}).out.find("MOMENT") != std::string::npos);
    CHECK(answer({"du", "--help"}).exit_code == 0);
    CHECK(invocation({"du", "-h", "h@latest"}).command == "du");
}

TEST_CASE("no option takes a secret itself") {
    const auto help = answer({"--help"}).out + answer({"init", "--help"}).out +
                      answer({"key", "add", "--help"}).out;
    CHECK(help.find("--passphrase ") == std::string::npos);
    CHECK(answer({"info", "--passphrase", "x"}).exit_code == 2);
}

TEST_CASE("files of a log are named by their last part, and a wrong call is never the log's end") {
    const auto push = invocation({"log", "push", "orders", "pg_wal/000000010000000000000003"});
    CHECK(push.request["name"] == "000000010000000000000003");
    CHECK(push.input_file == "pg_wal/000000010000000000000003");
    CHECK(invocation({"log", "fetch", "orders", "x", "y"}).destination == "y");
    CHECK(answer({"log", "fetch", "orders"}).exit_code == 200);
    CHECK(answer({"log", "push", "orders"}).exit_code == 2);
}
