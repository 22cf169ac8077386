// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/config_file.h>
#include <yore/postgresql/recovery_settings.h>

#include <map>

#include <rapidcheck.h>

#include "../support.h"

using namespace yore;
using namespace yore::postgresql;

namespace {

const RecoveryTarget to_commit{{2}, Lsn{0x16'B374D848}};
const RecoveryTarget to_consistency{{1}, std::nullopt};

std::map<std::string, std::string> values_of(std::span<const Setting> settings) {
    std::map<std::string, std::string> values;
    for (const Setting& setting : settings) values[setting.name] = setting.value;
    return values;
}
bool knows(int major, const std::string& name) {
    return values_of(recovery_settings(major, to_commit)).contains(name);
}

}  // namespace

TEST_CASE("A target is a commit on its timeline, inclusive, then the server is promoted") {
    const auto values = values_of(recovery_settings(15, to_commit));
    CHECK(values.at("recovery_target_lsn") == "16/B374D848");
    CHECK(values.at("recovery_target_inclusive") == "on");
    CHECK(values.at("recovery_target_timeline") == "2");
    CHECK(values.at("recovery_target_action") == "promote");
    for (const char* other :
         {"recovery_target", "recovery_target_name", "recovery_target_time", "recovery_target_xid"})
        CHECK(values.at(other).empty());
}

TEST_CASE("Without a commit the target is the first consistent state") {
    const auto values = values_of(recovery_settings(15, to_consistency));
    CHECK(values.at("recovery_target") == "immediate");
    CHECK(values.at("recovery_target_lsn").empty());
}

TEST_CASE("Of a whole log there is no target") {
    const auto values = values_of(recovery_settings(15, {{1}, std::nullopt, true}));
    for (const auto& [name, value] : values)
        if (name.starts_with("recovery_target") && name != "recovery_target_timeline" &&
            name != "recovery_target_action" && name != "recovery_target_inclusive")
            CHECK(value.empty());
    CHECK(values.at("recovery_target_timeline") == "1");
    CHECK(values.contains("recovery_target"));
}

TEST_CASE("The one target comes behind those that are emptied") {
    for (const RecoveryTarget& target : {to_commit, to_consistency}) {
        const auto settings = recovery_settings(15, target);
        CHECK(settings.back().name ==
              (target.last_record ? "recovery_target_lsn" : "recovery_target"));
    }
}

TEST_CASE("A version is told only what it knows") {
    CHECK_FALSE(knows(14, "archive_library"));
    CHECK(knows(15, "archive_library"));
    CHECK(knows(15, "promote_trigger_file"));
    CHECK_FALSE(knows(16, "promote_trigger_file"));
    CHECK_FALSE(knows(16, "sync_replication_slots"));
    CHECK(knows(17, "sync_replication_slots"));
    CHECK(knows(18, "synchronized_standby_slots"));
    for (int major : {9, 12, 19})
        CHECK(test::code_thrown_by([&] { recovery_settings(major, to_commit); }) ==
              Errc::unsupported);
}

TEST_CASE("A clone has an address of its own and no jobs, a restored server keeps its address") {
    const auto clone = values_of(recovery_settings(15, to_commit, CloneAddress{5440, "/run/x"}));
    CHECK(clone.at("port") == "5440");
    CHECK(clone.at("unix_socket_directories") == "/run/x");
    CHECK(clone.at("listen_addresses").empty());
    CHECK(clone.at("cron.launch_active_jobs") == "off");
    CHECK_FALSE(knows(15, "port"));
}

TEST_CASE("Each setting has a reason, and stands once") {
    const auto settings = recovery_settings(18, to_commit, CloneAddress{5440, "/run/x"});
    CHECK(values_of(settings).size() == settings.size());
    for (const Setting& setting : settings) {
        CAPTURE(setting.name);
        CHECK_FALSE(setting.reason.empty());
    }
}

TEST_CASE("Settings are written at the end, where the last line counts") {
    const std::vector<Setting> settings{{"a", "it's", "why"}, {"b", "", "because"}};
    const std::string text = with_recovery_settings("# by hand\na = 1", settings);
    CHECK_THAT(text, Catch::StartsWith("# by hand\na = 1\n# yore: begin. "));
    CHECK_THAT(text, Catch::EndsWith("\na = 'it''s'  # why\nb = ''  # because\n# yore: end\n"));
}

TEST_CASE("A block of settings takes the place of the one before") {
    const std::vector<Setting> first{{"a", "1", "x"}}, second{{"b", "2", "y"}};
    for (const std::string_view around : {"", "c = 3\n", "c = 3\n\n# comment\n"}) {
        const std::string once = with_recovery_settings(around, first);
        CHECK(without_recovery_settings(once) == around);
        CHECK(with_recovery_settings(once + "d = 4\n", second) ==
              with_recovery_settings(std::string(around) + "d = 4\n", second));
    }
}

TEST_CASE("A text without a whole block stays as it is") {
    for (const std::string_view text :
         {"", "a", "a\n", "# yore: end\na\n", "# yore: begin. x\na = 1\n",
          "# yore: begin. x\na = 1\n# yore: begin. x\nb = 2"})
        CHECK(without_recovery_settings(text) == text);
    rc::check([](const std::string& text) { RC_ASSERT(without_recovery_settings(text) == text); });
}
