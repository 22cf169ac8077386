// SPDX-License-Identifier: Apache-2.0
/// check: `source`. An event `finding` each: `level` (`ok`, `warning`, `problem`), `check` (what
/// was looked at), `text`, and `hint` where there is something to do. The result has `ok`,
/// `warnings` and `problems` (how many), and `findings`: those that are not ok. `exit_code` 1 when
/// there is a problem.
#include <yore/base/log.h>
#include <yore/command/text.h>
#include <yore/ingest/postgresql_check.h>
#include <yore/timeline/windows.h>
#include <yore/view/cluster_log.h>
#include <yore/view/source_records.h>

#include <cerrno>

#include <unistd.h>

#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/sent_backup.h"

namespace yore::command {
namespace {

using postgresql::Finding;
using postgresql::StoredFacts;

bool is_same_system(std::uint32_t incarnation, std::uint32_t other) {
    return view::system_timeline(incarnation).system == view::system_timeline(other).system;
}

/// The end of a timeline's log.
struct LogEnd {
    std::uint32_t incarnation = 0;
    catalog::LogRun run;  ///< the last one
};
/// Of the newest timeline of the newest system of which something is stored.
std::optional<LogEnd> find_log_end(const catalog::Logs& logs, std::uint32_t source) {
    const auto all = logs.incarnations(source);
    for (auto line = all.rbegin(); line != all.rend(); ++line) {
        if (!is_same_system(line->number, all.back().number)) break;
        const auto runs = logs.runs(source, line->number);
        if (!runs.empty()) return LogEnd{line->number, runs.back()};
    }
    return std::nullopt;
}

void add_log_facts(const view::SourceRecords& records, StoredFacts& facts) {
    const auto end = find_log_end(records.logs(), records.source());
    if (!end) return;
    const auto segment =
        records.logs().segment_ending_at(records.source(), end->incarnation, end->run.end);
    facts.log = {view::system_timeline(end->incarnation).timeline, postgresql::lsn_of(end->run.end),
                 segment ? segment->last_time : Timestamp{}};
    for (const auto& window : timeline::windows(records)) {
        if (!window.incarnation || !is_same_system(*window.incarnation, end->incarnation)) continue;
        ++facts.windows;
        const bool reaches_end = *window.incarnation == end->incarnation && window.last.place &&
                                 window.last.place->position >= end->run.begin;
        facts.window = {view::system_timeline(*window.incarnation).timeline, window.first.time,
                        window.last.time, reaches_end};
    }
}

StoredFacts::Backup facts_of(const catalog::Catalog& catalog, const catalog::Snapshot& snapshot,
                             const catalog::BaseBackup& backup) {
    StoredFacts::Backup facts{
        snapshot.name.text(), snapshot.ended, backup.damaged_pages, {}, snapshot.ended};
    if (!backup.rolled_from) return facts;
    facts.rolled_from = backup.rolled_from->text();
    const auto sent = newest_sent_backup(catalog, snapshot.source);
    facts.sent = sent ? std::optional(sent->ended) : std::nullopt;
    return facts;
}

StoredFacts stored_facts(Context& context, const catalog::Source& source) {
    const catalog::Catalog& catalog = context.catalog();
    StoredFacts facts;
    facts.source = source.name;
    facts.slot_limit_bytes = source.postgresql.pinned_bytes_max;
    facts.now = context.clock().now();
    facts.system_identifier = ingest::system_identifier_of(catalog, source);
    const auto newest = catalog.latest(source.id);
    const auto backup = newest ? newest->base_backup : std::nullopt;
    if (backup && backup->system_identifier == facts.system_identifier)
        facts.backup = facts_of(catalog, *newest, *backup);
    add_log_facts(view::SourceRecords(catalog, context.cache(), source.id), facts);
    return facts;
}

Finding check_directory(std::string_view what, const std::string& path) {
    if (::access(path.c_str(), R_OK | X_OK) == 0)
        return {Finding::Level::ok, what, path + " is there and can be read", {}};
    return {Finding::Level::problem, what, fmt::format("{}: {}", path, reason_of(errno)),
            "the process that owns the repository must see it"};
}

std::vector<Finding> check(Context& context, const catalog::Source& source,
                           const std::stop_token& stop) {
    switch (source.kind) {
        case catalog::SourceKind::directory:
            return {check_directory("directory", source.directory.path)};
        case catalog::SourceKind::stream:
            return {{Finding::Level::ok, "stream", "what is sent is stored: nothing to check", {}}};
        case catalog::SourceKind::postgresql:
            break;
    }
    const auto server = ingest::ask_server(source.postgresql.conninfo, stop);
    auto findings = postgresql::judge(server, stored_facts(context, source));
    if (const auto& config = source.postgresql.config_directory; !config.empty())
        findings.push_back(check_directory("config", config));
    return findings;
}

nlohmann::json describe(const Finding& finding) {
    nlohmann::json object{{"level", name_of(finding.level)}, {"check", finding.check}};
    put_bytes(object, "text", finding.text);
    if (!finding.hint.empty()) put_bytes(object, "hint", finding.hint);
    return object;
}

}  // namespace

nlohmann::json run_check(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("source");
    fields.done();
    const auto source = find_source(context.catalog(), name);
    std::uint64_t good = 0, warnings = 0, problems = 0;
    auto told = nlohmann::json::array();
    for (const Finding& finding : check(context, source, call.stop)) {
        const bool is_problem = finding.level == Finding::Level::problem;
        const bool is_ok = finding.level == Finding::Level::ok;
        ++(is_ok ? good : is_problem ? problems : warnings);
        auto event = describe(finding);
        if (!is_ok) told.push_back(event);
        if (is_problem && call.origin == Call::Origin::schedule)
            log_warning("check {}: {}: {}", source.name, finding.check, finding.text);
        event["event"] = "finding";
        call.output.event(event);
    }
    nlohmann::json result{{"source", source.name},
                          {"ok", good},
                          {"warnings", warnings},
                          {"problems", problems},
                          {"findings", std::move(told)}};
    if (problems > 0) result["exit_code"] = static_cast<int>(ExitCode::failed);
    return result;
}

}  // namespace yore::command
