// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/config_rewrite.h>

#include <rapidcheck.h>

#include "../support.h"

using namespace yore;
using namespace yore::postgresql;

namespace {

ConfigRewrite rewrite(std::string_view text, std::string_view path = "postgresql.conf") {
    return rewrite_config(text, path, config_rules());
}
std::vector<std::string> names_left_out(std::string_view text, std::string_view path) {
    std::vector<std::string> names;
    for (const auto& [entry, reason] : rewrite(text, path).left_out) names.push_back(entry.name);
    return names;
}

}  // namespace

TEST_CASE("A file of settings that leads nowhere is the same, byte for byte") {
    for (const std::string_view text :
         {"", "\n", "port = 1", "port = 1\r\n\r\n",
          "# data_directory = '/x'\nlog_directory = log\n",
          "include 'more.conf'\ninclude_dir = 'conf.d'\nbroken '\n\n\n"}) {
        CAPTURE(text);
        CHECK(rewrite(text).text == text);
        CHECK(rewrite(text).left_out.empty());
    }
    rc::check([](const std::string& text) {
        const ConfigRewrite once = rewrite(text);
        RC_ASSERT(once.left_out.empty() == (once.text == text));
    });
}

TEST_CASE("What leads to the original server becomes a comment with the reason") {
    const ConfigRewrite done = rewrite(
        "port = 1\n"
        "Data_Directory = '/srv/pg' # here\n"
        "work_mem = 1MB");
    CHECK(done.text ==
          "port = 1\n"
          "# yore left this out: leads to the original server's data\n"
          "#yore# Data_Directory = '/srv/pg' # here\n"
          "work_mem = 1MB");
    REQUIRE(done.left_out.size() == 1);
    CHECK(done.left_out[0].entry == ConfigEntry{"data_directory", "/srv/pg"});
    CHECK(done.entries == std::vector<ConfigEntry>{{"port", "1"}, {"work_mem", "1MB"}});
}

TEST_CASE("Each rule of the list leaves its setting out, and no other text does") {
    for (const ConfigRule& rule : config_rules()) {
        CAPTURE(rule.name);
        const std::string text = fmt::format("{} = '/srv/x'\n", rule.name);
        CHECK(names_left_out(text, "postgresql.conf") ==
              std::vector<std::string>{std::string(rule.name)});
        CHECK(rewrite_config(text, "postgresql.conf", {}).text == text);
        const std::string inside = fmt::format("{} = 'x'\n", rule.name);
        CHECK(rewrite(inside).left_out.empty() == (rule.when == ConfigRule::When::leads_out));
    }
}

TEST_CASE("An include is seen from its own file, a directory of logs from the data directory") {
    CHECK(names_left_out("include '../a.conf'\nlog_directory = '../log'\n", "conf.d/x.conf") ==
          std::vector<std::string>{"log_directory"});
    CHECK(names_left_out("include '../../a.conf'\n", "conf.d/x.conf") ==
          std::vector<std::string>{"include"});
}

TEST_CASE("A file that was rewritten is not rewritten again") {
    const std::string once = rewrite("external_pid_file = '/run/pg.pid'").text;
    CHECK(rewrite(once).text == once);
}

TEST_CASE("Configuration that is made up has the limits, no TCP, and lets in by name alone") {
    const ConfigRewrite made = rewrite(minimal_postgresql_conf({101, 9, 11, 3, 65}));
    CHECK(made.entries == std::vector<ConfigEntry>{{"listen_addresses", ""},
                                                   {"max_connections", "101"},
                                                   {"max_worker_processes", "9"},
                                                   {"max_wal_senders", "11"},
                                                   {"max_prepared_transactions", "3"},
                                                   {"max_locks_per_transaction", "65"}});
    CHECK_THAT(minimal_pg_hba_conf(), Catch::EndsWith("\nlocal  all  all  peer\n"));
}
