// SPDX-License-Identifier: Apache-2.0
#include "command/retention.h"

#include <yore/base/error.h>

#include <algorithm>
#include <limits>

namespace yore::command {
namespace {

struct CountRule {
    const char* field;
    std::uint32_t RetentionPolicy::*count;
};
constexpr CountRule count_rules[] = {
    {"keep_last", &RetentionPolicy::last},       {"keep_hourly", &RetentionPolicy::hourly},
    {"keep_daily", &RetentionPolicy::daily},     {"keep_weekly", &RetentionPolicy::weekly},
    {"keep_monthly", &RetentionPolicy::monthly}, {"keep_yearly", &RetentionPolicy::yearly},
};
struct SpanRule {
    const char* field;
    Duration RetentionPolicy::*span;
};
constexpr SpanRule span_rules[] = {
    {"keep_within", &RetentionPolicy::within},
    {"window", &RetentionPolicy::window},
};

}  // namespace

std::optional<RetentionPolicy> read_policy(Fields& fields) {
    RetentionPolicy policy;
    bool given = false;
    for (const CountRule& rule : count_rules) {
        const auto count = fields.number(rule.field);
        if (!count) continue;
        given = true;
        if (*count > std::numeric_limits<std::uint32_t>::max())
            throw Error(Errc::invalid, fmt::format("{}: {} is too many", rule.field, *count));
        policy.*rule.count = static_cast<std::uint32_t>(*count);
    }
    for (const SpanRule& rule : span_rules) {
        const auto text = fields.optional_text(rule.field);
        if (!text) continue;
        given = true;
        const auto span = parse_duration(*text);
        if (!span)
            throw Error(Errc::invalid, fmt::format("{}: {} is not a span", rule.field, *text),
                        {"such as 36h, 30d or 8w"});
        policy.*rule.span = *span;
    }
    return given ? std::optional(policy) : std::nullopt;
}

nlohmann::json describe(const RetentionPolicy& policy) {
    auto object = nlohmann::json::object();
    for (const CountRule& rule : count_rules)
        if (policy.*rule.count > 0) object[rule.field] = policy.*rule.count;
    for (const SpanRule& rule : span_rules)
        if ((policy.*rule.span).ns > 0) object[rule.field] = to_text(policy.*rule.span);
    return object;
}

timeline::Judgement judge(Context& context, const Judged& stored, const RetentionPolicy& policy) {
    const Timestamp now = context.clock().now();
    std::vector<timeline::SnapshotFacts> facts;
    for (const catalog::Snapshot& snapshot : stored.snapshots)
        facts.push_back({snapshot.ended, snapshot.outcome == catalog::Outcome::complete});
    timeline::Holds holds;
    for (const catalog::Hold& hold : context.catalog().holds(stored.source.id)) {
        if (!hold.in_force(now)) continue;
        const auto name = std::to_string(hold.number);
        if (!hold.snapshot) {
            holds.spans.push_back({name, hold.from, hold.to});
            continue;
        }
        const auto found =
            std::ranges::find(stored.snapshots, *hold.snapshot, &catalog::Snapshot::name);
        holds.snapshots.push_back(
            {name, static_cast<std::size_t>(found - stored.snapshots.begin())});
    }
    return timeline::judge({facts}, policy, holds, now);
}

Judged judge_source(Context& context, const catalog::Source& source,
                    const RetentionPolicy& policy) {
    Judged judged{source, context.catalog().snapshots(source.id), {}};
    judged.judgement = judge(context, judged, policy);
    return judged;
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
