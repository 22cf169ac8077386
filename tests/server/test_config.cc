// SPDX-License-Identifier: Apache-2.0
/// The configuration of `yore serve`: what a file means, and every way in which it can be wrong.
#include <yore/server/config.h>

#include <algorithm>
#include <fstream>

#include <nlohmann/json.hpp>

#include "../support.h"
#include "server/config_table.h"

using namespace yore;
using namespace yore::server;

namespace {

const std::string right = R"(
repository = "/backup/yore/"
key_file = "/etc/yore/key"
cache_size = "1.5G"

[[source]]
name = "home"
directory = "/home"
one_file_system = true
keep_cache_dirs = true
keep_nodump = true
excludes = [".cache/", "*.tmp"]
keep_daily = 7
keep_monthly = 12
keep_within = "30d"
verify.command = "make check"
verify.timeout = "30m"
verify.user = "tester"
window = "36h"

[[source]]
name = "etc"
directory = "/etc/."
keep_all = true
follow = true

[[schedule]]
source = "home"
cron = "30 2 * * mon-fri"
zone = "Europe/Berlin"
on_previous_running = "wait"
on_failure = "pause"

[[schedule]]
task = "collect"
cron = "@weekly"

[[schedule]]
task = "verify"
cron = "@daily"
max_time = "30m"

[[mount]]
directory = "/mnt/yore"
allow_other = true

[[mount]]
directory = "/srv/history"
)";

/// The mistakes of a file that is right but for `lines`, which come first.
std::vector<ConfigMistake> mistakes_of(const std::string& lines) {
    return read_config(lines + "\nrepository = \"/r\"\n").mistakes;
}
std::vector<ConfigMistake> source_mistakes(const std::string& lines) {
    return read_config("repository = \"/r\"\n[[source]]\nname = \"a\"\ndirectory = \"/a\"\n" +
                       lines)
        .mistakes;
}

void check_one(const std::vector<ConfigMistake>& mistakes, std::uint32_t line,
               const std::string& key, const std::string& text) {
    REQUIRE(mistakes.size() == 1);
    CHECK(mistakes[0].line == line);
    CHECK(mistakes[0].key == key);
    CHECK_THAT(mistakes[0].text, Catch::Contains(text));
}

}  // namespace

TEST_CASE("a configuration means what it says") {
    const auto [config, mistakes] = read_config(right);
    for (const auto& mistake : mistakes) UNSCOPED_INFO(mistake.what());
    REQUIRE(mistakes.empty());
    CHECK(config.repository == "/backup/yore");
    CHECK(config.secret == SecretSource{{}, {}, "/etc/yore/key"});
    CHECK(config.cache_bytes == 1610612736);
    REQUIRE(config.sources.size() == 2);
    const auto& home = config.sources[0];
    CHECK(home.name == "home");
    CHECK(home.directory.path == "/home");
    CHECK(home.directory.one_file_system);
    CHECK_FALSE(home.directory.ignore_cache_dirs);
    CHECK_FALSE(home.directory.ignore_nodump);
    CHECK(home.directory.excludes == std::vector<std::string>{".cache/", "*.tmp"});
    RetentionPolicy policy;
    policy.daily = 7;
    policy.monthly = 12;
    policy.within = seconds(30 * 86'400);
    policy.window = seconds(36 * 3600);
    CHECK(home.retention == policy);
    CHECK(home.check == catalog::SourceCheck{"make check", seconds(1800), "tester", {}});
    const auto& etc = config.sources[1];
    CHECK(etc.directory.path == "/etc");
    CHECK_FALSE(etc.directory.one_file_system);
    CHECK(etc.directory.ignore_cache_dirs);
    CHECK(etc.directory.ignore_nodump);
    CHECK(etc.retention.empty());
    CHECK(config.followed == std::vector<std::string>{"etc"});
    const std::vector<ScheduleSpec> schedules{{.source = "home",
                                               .cron = "30 2 * * mon-fri",
                                               .zone = "Europe/Berlin",
                                               .on_previous_running = OnPreviousRunning::wait,
                                               .on_failure = OnFailure::pause},
                                              {.task = ScheduledTask::collect, .cron = "@weekly"},
                                              {.task = ScheduledTask::verify,
                                               .cron = "@daily",
                                               .verify = {.level = 2, .max_time = seconds(1800)}}};
    CHECK(config.schedules == schedules);
    CHECK(config.mounts == std::vector<MountConfig>{{"/mnt/yore", true}, {"/srv/history", false}});
}

TEST_CASE("what was understood is told, and no secret") {
    const auto told = describe(read_config(right).config);
    CHECK(told["repository"] == "/backup/yore");
    CHECK(told["secret"] == nlohmann::json{{"key_file", "/etc/yore/key"}});
    CHECK(told["cache_bytes"] == 1610612736);
    CHECK(told["sources"][0]["policy"]["keep_daily"] == 7);
    CHECK(told["sources"][0]["excludes"] == nlohmann::json::array({".cache/", "*.tmp"}));
    CHECK(told["sources"][0]["follow"] == false);
    CHECK(told["sources"][1]["follow"] == true);
    CHECK(told["schedules"][0]["schedule"] == "home");
    CHECK(told["schedules"][0]["zone"] == "Europe/Berlin");
    CHECK(told["schedules"][1]["task"] == "collect");
    CHECK(told["schedules"][2]["max_time"] == "30m");
    CHECK(told["mounts"][1] ==
          nlohmann::json{{"directory", "/srv/history"}, {"allow_other", false}});
}

TEST_CASE("a repository is all that a file must name") {
    CHECK(read_config("repository = '/r'").mistakes.empty());
    check_one(read_config("").mistakes, 1, "repository", "missing");
    check_one(read_config("repository = ''").mistakes, 1, "repository", "empty");
    check_one(read_config("repository = 'backup'").mistakes, 1, "repository", "absolute");
    check_one(read_config("repository = '/a/../b'").mistakes, 1, "repository", "`..`");
    check_one(mistakes_of("cache_size = 'much'"), 1, "cache_size", "much is not a size");
    check_one(mistakes_of("cache_size = 4096"), 1, "cache_size", "a text is needed");
    check_one(read_config("repository = 7").mistakes, 1, "repository", "not a number");
    check_one(read_config("repository = \"/a\\u0000b\"").mistakes, 1, "repository", "zero byte");
}

TEST_CASE("a file has one way to its secret, and never the secret") {
    CHECK(mistakes_of("passphrase_command = 'pass yore'").empty());
    CHECK(mistakes_of("passphrase_file = '/p'").empty());
    check_one(mistakes_of("passphrase = 'hunter2'"), 1, "passphrase", "does not belong");
    check_one(mistakes_of("passphrase_file = '/p'\nkey_file = '/k'"), 2, "key_file",
              "passphrase_file is given");
    CHECK(mistakes_of("passphrase_file = '/p'\nkey_file = '/k'\npassphrase_command = 'c'").size() ==
          2);
    check_one(mistakes_of("key_file = 'k'"), 1, "key_file", "absolute");
    for (const auto& mistake : mistakes_of("passphrase = 'hunter2'"))
        CHECK(mistake.what().find("hunter2") == std::string::npos);
}

TEST_CASE("each wrong value of a source is refused at its line") {
    CHECK(source_mistakes("").empty());
    const struct {
        const char *line, *key, *text;
    } cases[] = {
        {"excludes = 'x'", "excludes", "a list of texts is needed"},
        {"excludes = ['x', 7]", "excludes", "a number is in it"},
        {"one_file_system = 1", "one_file_system", "true or false"},
        {"keep_cache_dirs = 'yes'", "keep_cache_dirs", "true or false"},
        {"keep_nodump = []", "keep_nodump", "not a list"},
        {"keep_daily = -1", "keep_daily", "not from 0"},
        {"keep_daily = 4294967296", "keep_daily", "not from 0"},
        {"keep_daily = 1.5", "keep_daily", "a whole number"},
        {"keep_daily = '7'", "keep_daily", "not a text"},
        {"keep_within = '30 days'", "keep_within", "not a duration"},
        {"keep_within = 30", "keep_within", "a text is needed"},
        {"window = 2026-11-21", "window", "not a time"},
        {"keep_all = 1", "keep_all", "true or false"},
        {"follow = 1", "follow", "true or false"},
        {"keep = {}", "keep", "no such key"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.line);
        check_one(source_mistakes(one.line), 5, std::string("source.") + one.key, one.text);
    }
    check_one(source_mistakes("keep_last = 3\nkeep_all = true"), 6, "source.keep_all", "rules");
}

TEST_CASE("sources and mounts have their names, once") {
    const auto read = [](const std::string& text) {
        return read_config("repository = '/r'\n" + text).mistakes;
    };
    check_one(read("[[source]]\ndirectory = '/a'"), 2, "source.name", "missing");
    check_one(read("[[source]]\nname = 'a'"), 2, "source.directory", "missing");
    check_one(read("[[source]]\nname = 'at'\ndirectory = '/a'"), 3, "source.name", "itself");
    check_one(read("[[source]]\nname = 'a/b'\ndirectory = '/a'"), 3, "source.name", "character");
    check_one(read("[[source]]\nname='a'\ndirectory='/a'\n[[source]]\nname='a'\ndirectory='/b'"), 6,
              "source.name", "further up");
    check_one(read("[[mount]]"), 2, "mount.directory", "missing");
    check_one(read("[[mount]]\ndirectory = '/m'\n[[mount]]\ndirectory = '/m/'"), 5,
              "mount.directory", "further up");
    check_one(read("[[mount]]\ndirectory = '/m'\nallow_other = 'no'"), 4, "mount.allow_other",
              "true or false");
    check_one(read("[source]\nname = 'a'"), 2, "source", "[[source]]");
    check_one(read("source = 7"), 2, "source", "[[source]]");
}

TEST_CASE("a check that cannot be is refused at its line") {
    check_one(source_mistakes("verify.user = 'x'"), 5, "source.verify", "a check command");
    check_one(source_mistakes("verify.sql = 'SELECT true'"), 5, "source.verify", "PostgreSQL");
    check_one(source_mistakes("verify.commands = 'x'"), 5, "verify.commands", "no such key");
}

TEST_CASE("each wrong value of a schedule is refused at its line, all at once") {
    const auto read = [](const std::string& text) {
        return read_config("repository = '/r'\n[[source]]\nname = 'a'\ndirectory = '/a'\n" + text)
            .mistakes;
    };
    const struct {
        const char *line, *key, *text;
    } cases[] = {
        {"cron = '61 * * * *'\nsource = 'a'", "cron", "61"},
        {"source = 'b'\ncron = '@daily'", "source", "no source b"},
        {"source = ''\ncron = '@daily'\ntask = 'verify'", "source", "empty"},
        {"source = 'a'\ncron = '@daily'\ntask = 'verify'", "source", "has no source"},
        {"zone = 'Mars/Base'\ncron = '@daily'\nsource = 'a'", "zone", "Mars/Base"},
        {"task = 'snap'\ncron = '@daily'\nsource = 'a'", "task", "none of snapshot, prune"},
        {"on_failure = 'cry'\ncron = '@daily'\nsource = 'a'", "on_failure", "none of retry"},
        {"on_previous_running = 1\ncron = '@daily'\nsource = 'a'", "on_previous_running",
         "a text is needed"},
        {"max_time = 'long'\ncron = '@daily'\ntask = 'verify'", "max_time", "not a duration"},
        {"level = 4\ncron = '@daily'\ntask = 'verify'", "level", "no level 4"},
        {"random = true\ncron = '@daily'\ntask = 'prune'\nsource = 'a'", "random", "only a verify"},
        {"max_time = '1h'\ncron = '@daily'\ntask = 'collect'", "max_time", "only a verify"},
        {"crom = '@daily'\ncron = '@daily'\nsource = 'a'", "crom", "no such key"},
    };
    for (const auto& one : cases) {
        CAPTURE(one.line);
        check_one(read(std::string("[[schedule]]\n") + one.line), 6,
                  std::string("schedule.") + one.key, one.text);
    }
    check_one(read("[[schedule]]\nsource = 'a'"), 5, "schedule.cron", "missing");
    check_one(read("[[schedule]]\ncron = '@daily'"), 5, "schedule.source", "needs a source");
    const std::string twice = "[[schedule]]\nsource = 'a'\ncron = '@daily'\n";
    check_one(read(twice + twice), 9, "schedule.source", "schedule a is there already");
    CHECK(read(twice + "[[schedule]]\ntask = 'prune'\nsource = 'a'\ncron = '@weekly'").empty());
    CHECK(read("[[schedule]]\ncron = 'x'\nzone = 'y'\ntask = 'z'\nsource = 'b'").size() == 4);
}

TEST_CASE("a cluster's base backup is rolled forward after so much log, or at times") {
    const std::string sources =
        "repository = '/r'\n[[source]]\nname = 'db'\npostgresql = 'host=db1'\n"
        "[[source]]\nname = 'home'\ndirectory = '/home'\n";
    const auto rolls = [&](const std::string& lines) {
        return read_config(sources + "[[schedule]]\ntask = 'roll-forward'\n" + lines);
    };
    const auto read = rolls("source = 'db'\nlog = '16G'");
    REQUIRE(read.mistakes.empty());
    const ScheduleSpec spec{
        .task = ScheduledTask::roll_forward, .source = "db", .log_bytes = 17'179'869'184};
    CHECK(read.config.schedules == std::vector{spec});
    CHECK(rolls("source = 'db'\ncron = '@daily'").mistakes.empty());
    CHECK(rolls("source = 'db'\ncron = '@daily'\nlog = '1G'").mistakes.empty());
    CHECK(rolls("source = 'db'").mistakes.size() == 1);
    CHECK(rolls("source = 'db'\nlog = 'much'").mistakes.size() >= 1);
    CHECK(rolls("log = '16G'").mistakes.size() == 1);
    CHECK(rolls("source = 'home'\nlog = '16G'").mistakes.size() == 1);
    const auto other =
        read_config(sources + "[[schedule]]\nsource = 'db'\ncron = '@daily'\nlog = '1G'");
    REQUIRE(other.mistakes.size() == 1);
    CHECK(other.mistakes[0].key == "schedule.log");
}

TEST_CASE("a cluster is checked daily, unless somebody says when") {
    const auto read = read_config(
        "repository = '/r'\n[[source]]\nname = 'db'\npostgresql = 'host=db1'\n"
        "[[source]]\nname = 'home'\ndirectory = '/home'\n");
    REQUIRE(read.mistakes.empty());
    CHECK(read.config.schedules.empty());
    REQUIRE(read.config.default_schedules.size() == 1);
    CHECK(read.config.default_schedules[0].task == ScheduledTask::check);
    CHECK(read.config.default_schedules[0].source == "db");
    CHECK(read.config.default_schedules[0].cron == "@daily");
}

TEST_CASE("figures are served on this machine alone, unless the file says otherwise") {
    const auto metrics = [](const std::string& lines) {
        return read_config("repository = '/r'\n[metrics]\n" + lines);
    };
    CHECK_FALSE(read_config("repository = '/r'").config.metrics.listen);
    const auto local = metrics("listen = '127.0.0.1:9470'");
    CHECK(local.mistakes.empty());
    CHECK(local.config.metrics.listen == TcpAddress{"127.0.0.1", 9470});
    CHECK(describe(local.config)["metrics"]["listen"] == "127.0.0.1:9470");
    const auto remote = metrics("listen = '[::]:9470'\nallow_remote = true");
    CHECK(remote.mistakes.empty());
    CHECK(remote.config.metrics.listen == TcpAddress{"::", 9470});
    check_one(metrics("listen = '0.0.0.0:9470'").mistakes, 3, "metrics.listen", "other machines");
    check_one(metrics("listen = 'localhost:9470'").mistakes, 3, "metrics.listen", "no address");
    check_one(metrics("listen = 9470").mistakes, 3, "metrics.listen", "a text");
    check_one(metrics("").mistakes, 2, "metrics.listen", "missing");
    check_one(read_config("repository = '/r'\n[[metrics]]\n").mistakes, 2, "metrics", "[metrics]");
}

TEST_CASE("all mistakes are told at once, by line") {
    const auto mistakes = read_config(R"(repositry = "/r"
[[mount]]
directory = "mnt"
[[source]]
nam = "home"
keep-daily = 7
follow = "yes"
)")
                              .mistakes;
    std::vector<std::pair<std::uint32_t, std::string>> places;
    for (const auto& mistake : mistakes) places.emplace_back(mistake.line, mistake.key);
    const std::vector<std::pair<std::uint32_t, std::string>> expected{
        {1, "repository"},  {1, "repositry"},  {3, "mount.directory"},   {4, "source.directory"},
        {4, "source.name"}, {5, "source.nam"}, {6, "source.keep-daily"}, {7, "source.follow"}};
    CHECK(places == expected);
    CHECK(mistakes[1].what() == "line 1: repositry: there is no such key (is repository meant?)");
    CHECK(mistakes[6].hint == "is keep_daily meant?");
}

TEST_CASE("a file that is no TOML is refused at its line") {
    for (const char* text : {"a = 1\nb =", "a = 1\na = 2", "a = 1\nb = \"\xff\"", "a = 1\n[[",
                             "a = 1\n[[$b]]\nc = 2\n", "a = 1\n[$b]", "a = 1\n\uFED8"}) {
        const auto mistakes = read_config(text).mistakes;
        REQUIRE(mistakes.size() == 1);
        CHECK(mistakes[0].line == 2);
        CHECK(mistakes[0].key.empty());
        CHECK_FALSE(mistakes[0].text.empty());
    }
}

TEST_CASE("the nearest word is one that may have been meant") {
    const std::vector<std::string> known{"name", "directory", "keep_daily", "keep_weekly"};
    CHECK(nearest_word("keep_dayly", known) == "keep_daily");
    CHECK(nearest_word("keep-weekly", known) == "keep_weekly");
    CHECK(nearest_word("dir", known) == std::nullopt);
    CHECK(nearest_word("xyzzy", known) == std::nullopt);
    CHECK(nearest_word("", known) == std::nullopt);
    CHECK(nearest_word(std::string(10'000, 'n'), known) == std::nullopt);
}

TEST_CASE("a configuration is a file of a sensible size") {
    const test::TemporaryDirectory scratch;
    CHECK(test::code_thrown_by([&] { load_config(scratch / "none"); }) == Errc::not_found);
    std::ofstream(scratch / "long") << std::string(2 << 20, '#');
    CHECK(test::code_thrown_by([&] { load_config(scratch / "long"); }) == Errc::invalid);
    std::ofstream(scratch / "right") << right;
    CHECK(load_config(scratch / "right").mistakes.empty());
}
