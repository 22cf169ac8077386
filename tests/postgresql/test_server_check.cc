// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/server_check.h>

#include <algorithm>
#include <functional>

#include <catch2/catch.hpp>

namespace yore::postgresql {
namespace {

using Level = Finding::Level;

constexpr std::int64_t now_s = 1'795'000'000;
constexpr Lsn flushed{0x5000060};

ServerFacts good_server() {
    ServerFacts facts;
    facts.host = "db1:5432";
    facts.version = 150018;
    facts.role = "yore";
    facts.identity = {77, {1}, flushed};
    facts.settings = {{"archive_command", "yore log push orders %p"},
                      {"archive_library", ""},
                      {"archive_mode", "on"},
                      {"data_checksums", "on"},
                      {"full_page_writes", "on"},
                      {"max_replication_slots", "10"},
                      {"max_slot_wal_keep_size", "8GB"},
                      {"max_wal_senders", "10"},
                      {"shared_preload_libraries", "pg_stat_statements"},
                      {"synchronous_standby_names", ""},
                      {"wal_level", "replica"},
                      {"wal_segment_size", "16MB"}};
    facts.may_replicate = true;
    facts.in_recovery = false;
    facts.wal_senders = 1;
    facts.slots = {{{"yore_orders", true, false, 4096, "reserved"}}};
    facts.archiver = {12, 0, "", false};
    facts.tablespaces = {{{"fast", "/ssd"}}};
    facts.extensions = {{"plpgsql 1.0"}};
    facts.stale_collations.emplace();
    facts.locale = "C";
    return facts;
}

StoredFacts good_store() {
    StoredFacts facts;
    facts.source = "orders";
    facts.now = Timestamp::from_seconds(now_s);
    facts.system_identifier = 77;
    facts.backup = {"2026-11-18T10-00-00Z", Timestamp::from_seconds(now_s - 7200), 0, {}, {}};
    facts.log = {{1}, {0x5000000}, Timestamp::from_seconds(now_s - 30)};
    facts.window = {
        {1}, Timestamp::from_seconds(now_s - 7200), Timestamp::from_seconds(now_s - 30), true};
    facts.windows = 1;
    return facts;
}

/// What is found when `change` is made to facts that are good.
std::vector<Finding> found(const std::function<void(ServerFacts&, StoredFacts&)>& change) {
    ServerFacts server = good_server();
    StoredFacts stored = good_store();
    change(server, stored);
    return judge(server, stored);
}

/// The worst that is found of a check, and that nothing else is wrong.
Level level_of(std::string_view check,
               const std::function<void(ServerFacts&, StoredFacts&)>& change) {
    Level worst = Level::ok;
    for (const Finding& finding : found(change)) {
        CAPTURE(finding.check, finding.text);
        CHECK(finding.hint.empty() == (finding.level == Level::ok));
        if (finding.check == check)
            worst = std::max(worst, finding.level);
        else
            CHECK(finding.level == Level::ok);
    }
    return worst;
}

/// A server whose setting has this value.
auto with(const char* name, const char* value) {
    return [=](ServerFacts& server, StoredFacts&) { server.settings[name] = value; };
}
/// One where it is not seen.
auto without(const char* name) {
    return [=](ServerFacts& server, StoredFacts&) { server.settings.erase(name); };
}
auto with_slot(ServerFacts::Slot slot) {
    return [=](ServerFacts& server, StoredFacts&) { server.slots->push_back(slot); };
}

}  // namespace

TEST_CASE("A server where all is well has findings that say so") {
    const auto findings = found([](ServerFacts&, StoredFacts&) {});
    CHECK(findings.size() == 17);
    for (const Finding& finding : findings) CHECK(finding.level == Level::ok);
    CHECK(findings.front().text == "PostgreSQL 15.18 at db1:5432");
    CHECK(findings.back().check == "window");
}

TEST_CASE("A server that lets nobody in is one problem, and what is stored is told") {
    const auto findings = found([](ServerFacts& server, StoredFacts&) {
        server.replication_refusal = server.query_refusal = "connection refused";
    });
    CHECK(findings.front().level == Level::problem);
    CHECK(findings.front().text == "connection refused");
    CHECK(findings.at(1).check == "backup");
}

TEST_CASE("A version that is not known is a problem") {
    for (const int version : {120022, 190000}) {
        const auto findings =
            found([&](ServerFacts& server, StoredFacts&) { server.version = version; });
        CHECK(findings.front().level == Level::problem);
    }
}

TEST_CASE("A role that may not replicate is told what it lacks") {
    const auto refused = [](bool may_replicate) {
        return [=](ServerFacts& server, StoredFacts&) {
            server.replication_refusal = "not for you";
            server.may_replicate = may_replicate;
            server.identity.reset();
        };
    };
    CHECK(level_of("role", refused(false)) == Level::problem);
    CHECK(found(refused(false)).at(1).hint == "alter role yore replication;");
    CHECK(found(refused(true)).at(1).hint.find("pg_hba.conf") != std::string::npos);
}

TEST_CASE("Another cluster is a problem, and a first one is not") {
    CHECK(level_of("cluster", [](ServerFacts&, StoredFacts& stored) {
              stored.system_identifier = 78;
          }) == Level::problem);
    CHECK(level_of("cluster", [](ServerFacts&, StoredFacts& stored) {
              stored.system_identifier.reset();
          }) == Level::ok);
}

TEST_CASE("Settings without which backups cannot be or are worse are told") {
    CHECK(level_of("wal_level", with("wal_level", "minimal")) == Level::problem);
    CHECK(level_of("wal_level", with("wal_level", "logical")) == Level::ok);
    CHECK(level_of("wal_senders", with("max_wal_senders", "1")) == Level::problem);
    CHECK(level_of("wal_senders", with("max_wal_senders", "2")) == Level::warning);
    CHECK(level_of("wal_senders", with("max_wal_senders", "3")) == Level::ok);
    CHECK(level_of("slot_limit", with("max_slot_wal_keep_size", "-1")) == Level::warning);
    CHECK(level_of("checksums", with("data_checksums", "off")) == Level::warning);
    CHECK(level_of("full_page_writes", with("full_page_writes", "off")) == Level::warning);
    CHECK(level_of("synchronous", with("synchronous_standby_names", "ANY 1 (a, b)")) == Level::ok);
}

TEST_CASE("What the role may not see is a warning that names the grant") {
    for (const auto& [check, name] : {std::pair("wal_level", "wal_level"),
                                      {"archiving", "archive_command"},
                                      {"archiving", "archive_mode"},
                                      {"libraries", "shared_preload_libraries"},
                                      {"synchronous", "synchronous_standby_names"},
                                      {"wal_senders", "max_wal_senders"}}) {
        CHECK(level_of(check, without(name)) == Level::warning);
        const auto findings = found(without(name));
        CHECK(std::ranges::count(findings, "grant pg_read_all_settings to yore;", &Finding::hint) ==
              1);
    }
    CHECK(level_of("slots", [](ServerFacts& server, StoredFacts&) { server.slots.reset(); }) ==
          Level::warning);
    CHECK(level_of("query", [](ServerFacts& server, StoredFacts&) {
              server.query_refusal = "no pg_hba.conf entry";
          }) == Level::warning);
}

TEST_CASE("Slots that nobody reads, or that have lost log, are told") {
    CHECK(level_of("slots", with_slot({"other", false, false, 1u << 30, "extended"})) ==
          Level::warning);
    CHECK(level_of("slots", with_slot({"other", true, false, 0, "unreserved"})) == Level::warning);
    CHECK(level_of("slots", with_slot({"other", false, false, 0, "lost"})) == Level::warning);
    CHECK(level_of("slots", with_slot({"yore_old", false, false, 0, "lost"})) == Level::problem);
    CHECK(level_of("slots", with_slot({"backup", true, true, 0, "reserved"})) == Level::ok);
    CHECK(level_of("slots", with("max_replication_slots", "1")) == Level::warning);
    const auto idle = found(with_slot({"idle", false, false, 3u << 20, "reserved"}));
    const auto told = std::ranges::find(idle, Level::warning, &Finding::level);
    REQUIRE(told != idle.end());
    CHECK(told->text == "slot idle: nobody reads it, and it keeps 3.0 MiB of log");
    CHECK(told->hint == "if nobody will: select pg_drop_replication_slot('idle');");
}

TEST_CASE("Archiving that fails is a problem, one that has no command a warning") {
    const auto failing = [](bool now) {
        return [=](ServerFacts& server, StoredFacts&) {
            server.archiver = {5, 2, "000000010000000000000003", now};
        };
    };
    CHECK(level_of("archiving", failing(true)) == Level::problem);
    CHECK(level_of("archiving", failing(false)) == Level::ok);
    CHECK(level_of("archiving", with("archive_command", "")) == Level::warning);
    CHECK(level_of("archiving", [](ServerFacts& server, StoredFacts&) {
              server.settings["archive_command"] = "";
              server.settings["archive_library"] = "basic_archive";
          }) == Level::ok);
    CHECK(level_of("archiving", with("archive_mode", "off")) == Level::ok);
}

TEST_CASE("A locale of another version than the indexes' is told") {
    CHECK(level_of("locale", [](ServerFacts& server, StoredFacts&) {
              server.stale_collations = {{"en_US 2.31, now 2.36"}};
          }) == Level::warning);
}

TEST_CASE("A standby is asked for what counts there") {
    const auto standby = [](ServerFacts& server, StoredFacts&) {
        server.in_recovery = true;
        server.settings["full_page_writes"] = "off";
        server.archiver = {0, 3, "000000010000000000000003", true};
    };
    for (const Finding& finding : found(standby)) CHECK(finding.level == Level::ok);
    CHECK(found(standby).front().text.find("standby") != std::string::npos);
}

TEST_CASE("How far the stored log is behind the server decides whether it is well") {
    const auto log_at = [](std::uint64_t end, std::int64_t age_s) {
        return [=](ServerFacts&, StoredFacts& stored) {
            stored.log->end = {end};
            stored.log->last_time = Timestamp::from_seconds(now_s - age_s);
        };
    };
    constexpr std::uint64_t segment = 16u << 20;
    CHECK(level_of("log", log_at(flushed.value - 2 * segment + 1, 60)) == Level::ok);
    CHECK(level_of("log", log_at(flushed.value - 2 * segment, 60)) == Level::warning);
    CHECK(level_of("log", log_at(flushed.value - 1, 3601)) == Level::warning);
    // Nothing was written since, however long ago that was; the rest of a segment counts too.
    CHECK(level_of("log", log_at(flushed.value, 90'000)) == Level::ok);
    CHECK(level_of("log", log_at(0x6000000, 90'000)) == Level::ok);
}

TEST_CASE("What is stored is told where it does not lead to now") {
    const auto rolled = [](std::optional<Timestamp> sent) {
        return [sent](ServerFacts&, StoredFacts& stored) {
            stored.backup->rolled_from = "2026-11-17T10-00-00Z";
            stored.backup->sent = sent;
        };
    };
    CHECK(level_of("backup", rolled(Timestamp::from_seconds(now_s - 86'400))) == Level::ok);
    CHECK(level_of("backup", rolled({})) == Level::warning);
    CHECK(level_of("backup", [](ServerFacts&, StoredFacts& stored) { stored.backup.reset(); }) ==
          Level::warning);
    CHECK(level_of("backup", [](ServerFacts&, StoredFacts& stored) {
              stored.backup->damaged_pages = 1;
          }) == Level::warning);
    CHECK(level_of("log", [](ServerFacts&, StoredFacts& stored) {
              stored.log.reset();
              stored.window.reset();
          }) == Level::warning);
    CHECK(level_of("log", [](ServerFacts& server, StoredFacts&) {
              server.identity->timeline = {2};
          }) == Level::warning);
    CHECK(level_of("log", [](ServerFacts&, StoredFacts& stored) { stored.log->timeline = {2}; }) ==
          Level::problem);
    CHECK(level_of("window", [](ServerFacts&, StoredFacts& stored) { stored.window.reset(); }) ==
          Level::warning);
    CHECK(level_of("window", [](ServerFacts&, StoredFacts& stored) {
              stored.window->reaches_end = false;
          }) == Level::warning);
}

TEST_CASE("A server whose slots have no limit hears of the limit that Yore keeps, or could") {
    const auto hint_with = [](std::uint64_t limit) {
        const auto findings = found([&](ServerFacts& server, StoredFacts& stored) {
            server.settings["max_slot_wal_keep_size"] = "-1";
            stored.slot_limit_bytes = limit;
        });
        return std::ranges::find(findings, "slot_limit", &Finding::check)->hint;
    };
    CHECK(hint_with(0).find("--slot-limit") != std::string::npos);
    CHECK(hint_with(std::uint64_t{10} << 30).find("above 10") != std::string::npos);
}

}  // namespace yore::postgresql
