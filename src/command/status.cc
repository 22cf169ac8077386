// SPDX-License-Identifier: Apache-2.0
/// status: `source` (absent: all that are fed). How things stand, from records alone. An event
/// `source` each: `source`, `kind`, `removed`, `snapshots`, `newest` (`name`, `ended`,
/// `age_seconds`), `recovery` (`from`, `until`, `windows`, `gaps`, `uncertain`), `log` (as
/// log-status tells), `proof` (as source-show does, with `age_seconds`), `failed_job` (the last
/// job that did not succeed: `job`, `command`, `state`, `ended`, `age_seconds`, `why`, `mended`:
/// a later one did) and `clones`; what there is not is null. An event `attention` for what should
/// be looked at: `alert` (its name in yore.rules.yml), `urgency` (`critical`, `warning`, `info`),
/// `source` (null: the repository), `text`, `hint`. The result has `sources` and `attention` (how
/// many), and of the repository `read_only`, `disk_bytes`, `free_bytes`, `verified` (as in stats)
/// and `verifies`: the last of each level. `exit_code` 5 when something asks for attention.
#include <yore/base/error.h>
#include <yore/command/text.h>

#include <algorithm>
#include <map>

#include "command/attention.h"
#include "command/fields.h"
#include "command/follower_fields.h"
#include "command/job.h"
#include "command/judged_facts.h"
#include "command/moment.h"
#include "command/prove.h"
#include "command/run.h"
#include "command/verification.h"
#include "command/walk.h"

namespace yore::command {
namespace {

constexpr std::int64_t ns_per_second = 1'000'000'000;

std::int64_t seconds_since(Timestamp then, Timestamp now) {
    return std::max<std::int64_t>(0, (now - then).ns / ns_per_second);
}

nlohmann::json describe_newest(const SourceFacts& source, Timestamp now) {
    if (!source.latest) return nullptr;
    return {{"name", source.latest->name.text()},
            {"ended", to_rfc3339(source.latest->ended)},
            {"age_seconds", seconds_since(source.latest->ended, now)}};
}

nlohmann::json describe_recovery(const SourceFacts& source, Timestamp now) {
    const timeline::Window* const window = furthest(source.windows);
    if (!window) return nullptr;
    return {{"from", to_rfc3339(window->first.time)},
            {"until", to_rfc3339(stored_until(source, now).value_or(window->known_until))},
            {"windows", source.windows.size()},
            {"gaps", gaps_in(source.windows)},
            {"uncertain", uncertain_in(source.windows)}};
}

nlohmann::json describe_proof(const SourceFacts& source, Timestamp now) {
    if (!source.proof) return nullptr;
    auto object = describe(*source.proof);
    object["source"] = source.name;
    object["age_seconds"] = seconds_since(source.proof->ended, now);
    return object;
}

/// What it said when it failed; nothing: null.
nlohmann::json reason_of(const nlohmann::json& job) {
    const auto error = error_of(job["answer"]);
    return error ? nlohmann::json(error->what()) : nlohmann::json();
}

nlohmann::json describe_failed_job(const MetricFacts& facts, const std::string& source) {
    const catalog::Job* failed = nullptr;
    bool mended = false;
    for (const catalog::Job& job : facts.jobs) {
        if (job.source != source || !has_ended(job.state)) continue;
        if (!is_success(job)) {
            failed = &job;
            mended = false;
        } else if (failed && failed->command == job.command) {
            mended = true;
        }
    }
    if (!failed) return nullptr;
    auto object = describe(*failed);
    object["why"] = reason_of(object);
    for (const char* key : {"progress", "answer", "source", "scheduled", "started"})
        object.erase(key);
    if (failed->ended) object["age_seconds"] = seconds_since(*failed->ended, facts.now);
    object["mended"] = mended;
    return object;
}

nlohmann::json describe_clones(const MetricFacts& facts, const std::string& source) {
    auto list = nlohmann::json::array();
    for (const CloneFacts& clone : facts.clones)
        if (clone.source == source) list.push_back({{"clone", clone.name}, {"state", clone.state}});
    return list;
}

nlohmann::json describe_state(Context& context, const MetricFacts& facts,
                              const SourceFacts& source) {
    const auto record = find_source(context.catalog(), source.name);
    const auto log = describe_following(context, record, context.followers().list());
    return {{"event", "source"},
            {"source", source.name},
            {"kind", catalog::name_of(source.kind)},
            {"removed", !source.is_fed},
            {"snapshots", source.snapshots},
            {"newest", describe_newest(source, facts.now)},
            {"recovery", describe_recovery(source, facts.now)},
            {"log", log ? *log : nlohmann::json()},
            {"proof", describe_proof(source, facts.now)},
            {"failed_job", describe_failed_job(facts, source.name)},
            {"clones", describe_clones(facts, source.name)}};
}

/// The last verify of each level that had a result.
nlohmann::json describe_verifies(const MetricFacts& facts) {
    std::map<std::uint64_t, nlohmann::json> by_level;
    for (const catalog::Job& job : facts.jobs) {
        if (job.command != "verify" || !job.ended) continue;
        const auto object = describe(job);
        const auto& answer = object["answer"];
        if (!answer.is_object() || !answer.contains("level")) continue;
        const auto level = answer["level"].get<std::uint64_t>();
        by_level[level] = {{"level", level},
                           {"job", job.number},
                           {"passed", is_success(job)},
                           {"started", object["started"]},
                           {"ended", object["ended"]},
                           {"age_seconds", seconds_since(*job.ended, facts.now)}};
    }
    auto list = nlohmann::json::array();
    for (auto& [level, row] : by_level) list.push_back(std::move(row));
    return list;
}

nlohmann::json describe(const Attention& attention) {
    nlohmann::json row{{"event", "attention"},
                       {"alert", attention.alert},
                       {"urgency", name_of(attention.urgency)},
                       {"source", nullptr}};
    if (!attention.source.empty()) row["source"] = attention.source;
    put_bytes(row, "text", attention.text);
    put_bytes(row, "hint", attention.hint);
    return row;
}

}  // namespace

nlohmann::json run_status(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto wanted = fields.optional_text("source");
    fields.done();
    if (wanted) find_source(context.catalog(), *wanted);
    const MetricFacts facts = gather_facts(context);
    std::uint64_t sources = 0, asking = 0;
    for (const SourceFacts& source : facts.sources) {
        check_stop(call.stop);
        if (wanted ? source.name != *wanted : !source.is_fed) continue;
        call.output.event(describe_state(context, facts, source));
        ++sources;
    }
    for (const Attention& found : attention(facts)) {
        if (wanted && !found.source.empty() && found.source != *wanted) continue;
        call.output.event(describe(found));
        ++asking;
    }
    nlohmann::json result{{"sources", sources},
                          {"attention", asking},
                          {"read_only", facts.read_only},
                          {"disk_bytes", facts.store.backend_bytes},
                          {"free_bytes", nullptr},
                          {"verified", describe_verified(context)},
                          {"verifies", describe_verifies(facts)}};
    if (facts.free_bytes) result["free_bytes"] = *facts.free_bytes;
    if (asking > 0) result["exit_code"] = static_cast<int>(ExitCode::attention);
    return result;
}

}  // namespace yore::command
