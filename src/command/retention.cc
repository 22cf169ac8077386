// SPDX-License-Identifier: Apache-2.0
#include "command/retention.h"

#include <yore/base/error.h>

#include <algorithm>
#include <limits>

namespace yore::command {

std::optional<RetentionPolicy> read_policy(Fields& fields) {
    RetentionPolicy policy;
    bool given = false;
    for (const auto& rule : retention_counts) {
        const auto count = fields.number(rule.word);
        if (!count) continue;
        given = true;
        if (*count > std::numeric_limits<std::uint32_t>::max())
            throw Error(Errc::invalid, fmt::format("{}: {} is too many", rule.word, *count));
        policy.*rule.value = static_cast<std::uint32_t>(*count);
    }
    for (const auto& rule : retention_spans) {
        const auto span = fields.duration(rule.word);
        if (!span) continue;
        given = true;
        policy.*rule.value = *span;
    }
    return given ? std::optional(policy) : std::nullopt;
}

nlohmann::json describe(const RetentionPolicy& policy) {
    auto object = nlohmann::json::object();
    for (const auto& rule : retention_counts)
        if (policy.*rule.value > 0) object[rule.word] = policy.*rule.value;
    for (const auto& rule : retention_spans)
        if ((policy.*rule.value).ns > 0) object[rule.word] = to_text(policy.*rule.value);
    return object;
}

std::vector<timeline::SnapshotFacts> facts_of(const std::vector<catalog::Snapshot>& snapshots) {
    std::vector<timeline::SnapshotFacts> facts;
    for (const catalog::Snapshot& snapshot : snapshots)
        facts.push_back({snapshot.ended, snapshot.outcome == catalog::Outcome::complete});
    return facts;
}

timeline::Holds holds_of(Context& context, const Judged& stored, Timestamp now) {
    timeline::Holds holds;
    for (const catalog::Hold& hold : context.catalog().holds(stored.source.id)) {
        if (!hold.in_force(now)) continue;
        const auto name = hold.clone.empty()
                              ? std::to_string(hold.number)
                              : fmt::format("{} of clone {}", hold.number, hold.clone);
        if (!hold.snapshot) {
            holds.spans.push_back({name, hold.from, hold.to});
            continue;
        }
        const auto found =
            std::ranges::find(stored.snapshots, *hold.snapshot, &catalog::Snapshot::name);
        holds.snapshots.push_back(
            {name, static_cast<std::size_t>(found - stored.snapshots.begin())});
    }
    return holds;
}

timeline::Judgement judge(Context& context, const Judged& stored, const RetentionPolicy& policy) {
    const Timestamp now = context.clock().now();
    const auto facts = facts_of(stored.snapshots);
    return timeline::judge({facts}, policy, holds_of(context, stored, now), now);
}

Judged judge_source(Context& context, const catalog::Source& source,
                    const RetentionPolicy& policy) {
    Judged judged{source, context.catalog().snapshots(source.id), {}};
    judged.judgement = judge(context, judged, policy);
    return judged;
}

std::vector<std::size_t> victims(const Judged& before, const timeline::Judgement& after) {
    std::vector<std::size_t> places;
    for (std::size_t place = 0; place < after.snapshots.size(); ++place)
        if (!after.snapshots[place].kept() && before.judgement.snapshots[place].kept())
            places.push_back(place);
    return places;
}

nlohmann::json describe_verdict(const Judged& judged, std::size_t place) {
    const timeline::Verdict& verdict = judged.judgement.snapshots[place];
    return {{"source", judged.source.name},
            {"snapshot", judged.snapshots[place].name.text()},
            {"ended", to_rfc3339(judged.snapshots[place].ended)},
            {"keep", verdict.kept()},
            {"reason", verdict.text()}};
}

}  // namespace yore::command
