// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/server_check.h>

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "postgresql/findings.h"

namespace yore::postgresql {
namespace {

constexpr int version_min = 130000, version_end = 190000;
/// Of slots that Yore makes.
constexpr std::string_view own_slot_prefix = "yore_";

/// One server's findings, in their order.
class ServerJudge {
  public:
    ServerJudge(const ServerFacts& facts, const StoredFacts& stored, Findings& findings)
        : facts_(facts), stored_(stored), findings_(findings) {}

    void judge() {
        if (!judge_connections()) return;
        judge_cluster();
        judge_wal_level();
        judge_wal_senders();
        judge_slots();
        judge_slot_limit();
        judge_pages();
        judge_archiving();
        judge_synchronous_standbys();
        judge_needs();
        judge_locale();
    }

  private:
    std::optional<std::string_view> setting(std::string_view name) const {
        const auto found = facts_.settings.find(name);
        if (found == facts_.settings.end()) return std::nullopt;
        return found->second;
    }
    std::optional<std::uint64_t> number(std::string_view name) const {
        const auto text = setting(name);
        std::uint64_t value = 0;
        if (!text) return std::nullopt;
        const auto parsed = std::from_chars(text->data(), text->data() + text->size(), value);
        if (parsed.ec != std::errc()) return std::nullopt;
        return value;
    }
    /// `what` is needed, and the role may not see it.
    void unseen(std::string_view check, std::string_view what, std::string_view grant) {
        findings_.warning(check, fmt::format("{}: not seen", what),
                          facts_.query_refusal
                              ? "an ordinary connection of the role would show it"
                              : fmt::format("grant {} to {};", grant, facts_.role));
    }
    void unseen_setting(std::string_view check, std::string_view name) {
        unseen(check, name, "pg_read_all_settings");
    }
    std::string pg_hba_line(std::string_view database) const {
        return fmt::format("`host {} {} ADDRESS scram-sha-256` in the server's pg_hba.conf",
                           database, facts_.role.empty() ? "ROLE" : facts_.role);
    }

    bool judge_connections();
    void judge_cluster();
    void judge_wal_level();
    void judge_wal_senders();
    void judge_slots();
    bool judge_slot(const ServerFacts::Slot&);
    void judge_slot_limit();
    void judge_pages();
    void judge_archiving();
    void judge_synchronous_standbys();
    void judge_needs();
    void judge_locale();

    const ServerFacts& facts_;
    const StoredFacts& stored_;
    Findings& findings_;
};

/// False: there is no server to judge.
bool ServerJudge::judge_connections() {
    if (facts_.replication_refusal && facts_.query_refusal) {
        findings_.problem("server", *facts_.replication_refusal,
                          "is the server running, and is the conninfo right? It needs " +
                              pg_hba_line("replication"));
        return false;
    }
    const std::string what = fmt::format("PostgreSQL {}.{} at {}", facts_.version / 10000,
                                         facts_.version % 10000, facts_.host);
    if (facts_.version < version_min || facts_.version >= version_end) {
        findings_.problem("server", what, "Yore knows the versions 13 to 18");
        return false;
    }
    findings_.ok("server", what + (facts_.in_recovery.value_or(false)
                                       ? ", a standby: backups are as far as it has replayed"
                                       : ""));
    if (facts_.replication_refusal)
        findings_.problem("role", *facts_.replication_refusal,
                          facts_.may_replicate == false
                              ? fmt::format("alter role {} replication;", facts_.role)
                              : pg_hba_line("replication"));
    else
        findings_.ok("role", fmt::format("{} may replicate, and is let in", facts_.role));
    if (facts_.query_refusal)
        findings_.warning("query",
                          "no ordinary connection, so some is not seen: " + *facts_.query_refusal,
                          pg_hba_line("postgres"));
    return true;
}

void ServerJudge::judge_cluster() {
    if (!facts_.identity) return;
    const std::uint64_t here = facts_.identity->system_identifier;
    if (!stored_.system_identifier)
        findings_.ok("cluster",
                     fmt::format("its system identifier is {}; nothing is stored yet", here));
    else if (*stored_.system_identifier == here)
        findings_.ok("cluster", fmt::format("its system identifier is {}, as is stored", here));
    else
        findings_.problem("cluster",
                          fmt::format("another cluster: its system identifier is {}, not {}", here,
                                      *stored_.system_identifier),
                          fmt::format("after pg_upgrade, `yore source upgrade {}` goes on with the "
                                      "new cluster; another server needs a source of its own",
                                      stored_.source));
}

void ServerJudge::judge_wal_level() {
    const auto level = setting("wal_level");
    if (!level) return unseen_setting("wal_level", "wal_level");
    if (*level == "minimal")
        findings_.problem("wal_level",
                          "wal_level is minimal: neither base backups nor the log are possible",
                          "set wal_level = replica, restart the server, then take a base backup: "
                          "no log leads over the time until then");
    else
        findings_.ok("wal_level", fmt::format("wal_level is {}", *level));
}

void ServerJudge::judge_wal_senders() {
    const auto max = number("max_wal_senders");
    if (!max) return unseen_setting("wal_senders", "max_wal_senders");
    if (!facts_.wal_senders) return unseen("wal_senders", "pg_stat_replication", "pg_monitor");
    const std::uint64_t used = *facts_.wal_senders, free = *max > used ? *max - used : 0;
    const std::string text = fmt::format("{} of {} max_wal_senders are free", free, *max);
    const std::string hint = "raise max_wal_senders and restart the server";
    if (free == 0)
        findings_.problem("wal_senders", text, hint);
    else if (free == 1)
        findings_.warning("wal_senders", text + ": a base backup beside a follower takes two",
                          hint);
    else
        findings_.ok("wal_senders", text);
}

/// Whether it is as it should be.
bool ServerJudge::judge_slot(const ServerFacts::Slot& slot) {
    const bool own = slot.name.starts_with(own_slot_prefix);
    const std::string drop = fmt::format("select pg_drop_replication_slot('{}');", slot.name);
    if (slot.wal_status == "lost") {
        const std::string text =
            fmt::format("slot {}: the server has removed log that its reader lacks", slot.name);
        if (own)
            findings_.problem("slots", text, drop + " and then a new base backup");
        else
            findings_.warning("slots", text, drop);
    } else if (slot.wal_status == "unreserved") {
        findings_.warning("slots",
                          fmt::format("slot {}: the server is about to remove log that its reader "
                                      "lacks",
                                      slot.name),
                          "raise max_slot_wal_keep_size, or let its reader catch up");
    } else if (!slot.active) {
        findings_.warning("slots",
                          fmt::format("slot {}: nobody reads it, and it keeps {} of log", slot.name,
                                      size_text(slot.kept_bytes)),
                          (own ? "`yore log follow` does; " : "") + ("if nobody will: " + drop));
    } else {
        return true;
    }
    return false;
}

void ServerJudge::judge_slots() {
    if (!facts_.slots) return unseen("slots", "pg_replication_slots", "pg_monitor");
    bool good = true;
    std::uint64_t kept = 0, permanent = 0;
    for (const auto& slot : *facts_.slots) {
        if (slot.temporary) continue;
        ++permanent;
        kept = std::max(kept, slot.kept_bytes);
        good &= judge_slot(slot);
    }
    const auto max = number("max_replication_slots");
    if (max && *max <= facts_.slots->size())
        findings_.warning("slots", fmt::format("all {} max_replication_slots are in use", *max),
                          "raise max_replication_slots and restart the server: a base backup keeps "
                          "its log by a slot of its own");
    else if (good)
        findings_.ok("slots", permanent == 0
                                  ? "no slots"
                                  : fmt::format("{} slots, all of them read; they keep {} of log",
                                                permanent, size_text(kept)));
}

void ServerJudge::judge_slot_limit() {
    const auto limit = setting("max_slot_wal_keep_size");
    if (!limit) return unseen_setting("slot_limit", "max_slot_wal_keep_size");
    if (*limit == "-1")
        findings_.warning("slot_limit",
                          "max_slot_wal_keep_size is -1: a slot that nobody reads keeps log until "
                          "the server's disk is full",
                          stored_.slot_limit_bytes == 0
                              ? fmt::format("set it to what the disk can spare; `yore source set "
                                            "{} --slot-limit SIZE` drops Yore's own slot before, "
                                            "but only while Yore runs",
                                            stored_.source)
                              : fmt::format("set it to what the disk can spare: Yore drops its own "
                                            "slot above {}, but only while it runs",
                                            size_text(stored_.slot_limit_bytes)));
    else
        findings_.ok("slot_limit", fmt::format("slots keep at most {} of log", *limit));
}

void ServerJudge::judge_pages() {
    const auto checksums = setting("data_checksums");
    if (!checksums)
        unseen_setting("checksums", "data_checksums");
    else if (*checksums == "on")
        findings_.ok("checksums", "pages have checksums, which the server verifies as it sends");
    else
        findings_.warning("checksums",
                          "pages have no checksums: damage at the server's disk is backed up",
                          "`pg_checksums --enable`, while the server is stopped");
    if (facts_.in_recovery.value_or(false)) return;  // the primary's counts
    const auto whole_pages = setting("full_page_writes");
    if (!whole_pages)
        unseen_setting("full_page_writes", "full_page_writes");
    else if (*whole_pages == "on")
        findings_.ok("full_page_writes", "full_page_writes is on");
    else
        findings_.warning("full_page_writes",
                          "full_page_writes is off: no base backup can be taken from a standby, "
                          "and a crash may tear pages",
                          "set full_page_writes = on");
}

void ServerJudge::judge_archiving() {
    const auto mode = setting("archive_mode");
    if (!mode) return unseen_setting("archiving", "archive_mode");
    if (*mode == "off") return findings_.ok("archiving", "archive_mode is off");
    if (facts_.in_recovery.value_or(false) && *mode != "always")
        return findings_.ok("archiving", "archive_mode is on: a standby archives nothing");
    const auto command = setting("archive_command"), library = setting("archive_library");
    if (!command) unseen_setting("archiving", "archive_command");
    if (command && command->empty() && (!library || library->empty()))
        return findings_.warning(
            "archiving",
            "archive_mode is on, but there is no archive_command: the server "
            "keeps all its log",
            fmt::format("archive_command = 'yore log push {} %p'", stored_.source));
    if (!facts_.archiver) return unseen("archiving", "pg_stat_archiver", "pg_monitor");
    const auto& archiver = *facts_.archiver;
    if (archiver.fails_now)
        return findings_.problem("archiving",
                                 fmt::format("archiving fails, last of {}; it failed {} times",
                                             archiver.last_failed, archiver.failed),
                                 "the server's log says why; it keeps its log until it succeeds");
    findings_.ok(
        "archiving",
        fmt::format("archive_mode is {}; {} files were archived{}", *mode, archiver.archived,
                    archiver.failed == 0
                        ? ""
                        : fmt::format(", and {} tries failed before the last", archiver.failed)));
}

void ServerJudge::judge_synchronous_standbys() {
    const auto names = setting("synchronous_standby_names");
    if (!names) return unseen_setting("synchronous", "synchronous_standby_names");
    if (names->empty())
        findings_.ok("synchronous", "commits wait for no standby");
    else
        findings_.ok("synchronous",
                     fmt::format("commits wait for {}; those of copies do not", *names));
}

/// What a copy needs on its host.
void ServerJudge::judge_needs() {
    if (facts_.tablespaces) {
        std::vector<std::string> places;
        for (const auto& each : *facts_.tablespaces)
            places.push_back(fmt::format("{} at {}", each.name, each.location));
        findings_.ok("tablespaces", places.empty()
                                        ? "no tablespaces but the data directory"
                                        : fmt::format("{}; each is a directory of the snapshot",
                                                      fmt::join(places, ", ")));
    } else {
        unseen("tablespaces", "pg_tablespace", "pg_monitor");
    }
    const auto libraries = setting("shared_preload_libraries");
    if (!libraries) unseen_setting("libraries", "shared_preload_libraries");
    std::vector<std::string> needed;
    if (libraries && !libraries->empty()) needed.push_back(std::string(*libraries));
    if (facts_.extensions && !facts_.extensions->empty())
        needed.push_back(fmt::format("the extensions {}", fmt::join(*facts_.extensions, ", ")));
    if (!needed.empty())
        findings_.ok("libraries",
                     fmt::format("a copy needs on its host {}", fmt::join(needed, " and ")));
}

void ServerJudge::judge_locale() {
    if (!facts_.stale_collations) return unseen("locale", "pg_collation", "pg_monitor");
    if (facts_.stale_collations->empty())
        findings_.ok("locale", facts_.locale +
                                   ": as when the indexes were made; a copy's host "
                                   "should have the same");
    else
        findings_.warning(
            "locale",
            fmt::format("sorted by another version of the locale than the indexes were made with: "
                        "{}",
                        fmt::join(*facts_.stale_collations, ", ")),
            "reindex what uses it, then alter database (or collation) … refresh collation version");
}

}  // namespace

std::string_view name_of(Finding::Level level) {
    switch (level) {
        case Finding::Level::ok:
            return "ok";
        case Finding::Level::warning:
            return "warning";
        case Finding::Level::problem:
            break;
    }
    return "problem";
}

const std::vector<std::string>& checked_settings() {
    static const std::vector<std::string> names{"archive_command",
                                                "archive_library",
                                                "archive_mode",
                                                "data_checksums",
                                                "full_page_writes",
                                                "max_replication_slots",
                                                "max_slot_wal_keep_size",
                                                "max_wal_senders",
                                                "shared_preload_libraries",
                                                "synchronous_standby_names",
                                                "wal_level",
                                                "wal_segment_size"};
    return names;
}

std::vector<Finding> judge(const ServerFacts& server, const StoredFacts& stored) {
    Findings findings;
    ServerJudge(server, stored, findings).judge();
    judge_stored(server, stored, findings);
    return findings.take();
}

}  // namespace yore::postgresql
