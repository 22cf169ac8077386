// SPDX-License-Identifier: Apache-2.0
#include <yore/timeline/log_need.h>
#include <yore/timeline/plan.h>

#include <algorithm>

namespace yore::timeline {
namespace {

/// What opens at a time, or, when that is later than all that is known, at last. In a gap nothing
/// does, and which log lies behind it is not looked for.
std::optional<Plan> plan_by(const Records& records, Timestamp time, Timestamp now) {
    auto answer = plan(records, time, now);
    const auto* none = std::get_if<NoPlan>(&answer);
    if (none && none->why == NoPlan::Why::after_last) answer = plan(records, Latest{}, now);
    auto* found = std::get_if<Plan>(&answer);
    return found ? std::optional(std::move(*found)) : std::nullopt;
}

std::optional<Segment> last_segment(const Records& records) {
    const auto incarnations = records.incarnations();
    for (auto line = incarnations.rbegin(); line != incarnations.rend(); ++line) {
        const auto runs = records.runs(line->number);
        if (!runs.empty()) return records.segment_ending_at({line->number, runs.back().end});
    }
    return std::nullopt;
}

/// Where what a plan reads of the log begins, or where its point is: a base may lie right behind
/// that. The moment has no place in it: nullopt.
std::optional<LogPlace> begin_of(const Plan& plan) {
    if (!plan.place) return std::nullopt;
    if (const auto* tree = std::get_if<Segment>(&plan.base))
        return LogPlace{tree->incarnation, tree->begin};
    const auto& log = std::get<Snapshot>(plan.base).log;
    if (!log) return std::nullopt;
    return std::min(LogPlace{log->incarnation, log->start}, *plan.place);
}

/// Of the snapshots since then, wherever in the log a clock that was set put them.
std::optional<LogPlace> begin_of_bases(const Records& records, Timestamp since) {
    std::optional<LogPlace> begin;
    for (std::uint32_t place = 0; place < records.snapshot_count(); ++place) {
        const Snapshot base = records.snapshot(place);
        if (base.ended < since || !base.log) continue;
        const LogPlace start{base.log->incarnation, base.log->start};
        begin = std::min(begin.value_or(start), start);
    }
    return begin;
}

}  // namespace

std::optional<Timestamp> moments_kept_since(const History& history, const Judgement& judgement,
                                            const RetentionPolicy& policy, const Holds& holds,
                                            Timestamp now) {
    if (policy.empty()) return std::nullopt;
    std::optional<Timestamp> since;
    if (policy.window.ns > 0) {
        since = before(now, policy.window);
    } else {
        for (std::size_t place = 0; place < history.snapshots.size(); ++place)
            if (judgement.snapshots[place].kept())
                since = std::min(since.value_or(now), history.snapshots[place].ended);
        if (!since) return std::nullopt;
    }
    for (const HeldSpan& held : holds.spans) since = std::min(*since, held.from);
    return since;
}

bool LogNeed::covers(const Segment& segment) const {
    if (segment.incarnation == from.incarnation) return segment.end > from.position;
    return segment.incarnation > from.incarnation || segment.last_time >= since;
}

std::optional<LogNeed> log_needed_since(const Records& records, Timestamp since, Timestamp now) {
    const auto last = last_segment(records);
    const auto plan = plan_by(records, std::min(since, now), now);
    if (!last || !plan) return std::nullopt;
    LogNeed need{{last->incarnation, last->begin}, since};
    if (const auto begin = begin_of(*plan)) {
        need.from = std::min(need.from, *begin);
    } else if (plan->time <= last->last_time) {
        return std::nullopt;  // a snapshot of before the log
    }
    need.from = std::min(need.from, begin_of_bases(records, since).value_or(need.from));
    return need;
}

}  // namespace yore::timeline
