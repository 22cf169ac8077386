// SPDX-License-Identifier: Apache-2.0
#include "command/log_pruning.h"

#include <yore/catalog/log.h>
#include <yore/timeline/plan.h>
#include <yore/timeline/windows.h>
#include <yore/view/source_records.h>

#include <algorithm>

#include "command/walk.h"

namespace yore::command {
namespace {

constexpr std::size_t removals_max = 500;  ///< of one commit

/// What snapshots that stay need to be a state at all.
std::vector<timeline::LogRange> ranges_of_bases(const Judged& judged) {
    std::vector<timeline::LogRange> ranges;
    for (std::size_t place = 0; place < judged.snapshots.size(); ++place) {
        const auto& log = judged.snapshots[place].log;
        if (log && judged.judgement.snapshots[place].kept())
            ranges.push_back({log->incarnation, log->start, log->consistent});
    }
    return ranges;
}

/// The segments of one incarnation that are not needed.
class Victims {
  public:
    Victims(const catalog::Logs& logs, const catalog::LogIncarnation& incarnation,
            const timeline::LogNeed& need, const std::vector<timeline::LogRange>& bases)
        : logs_(logs), incarnation_(incarnation), need_(need), bases_(bases) {}

    /// The next of them, up to removals_max; none are left: empty.
    std::vector<catalog::LogSegment> next() {
        std::vector<catalog::LogSegment> victims;
        const auto look = [&](const catalog::LogSegment& segment) {
            if (need_.covers(view::planned(segment))) return false;
            seen_ = segment.end;
            if (!is_of_base(segment)) victims.push_back(segment);
            return victims.size() < removals_max;
        };
        logs_.scan_segments(incarnation_.source, incarnation_.number, seen_, look);
        return victims;
    }

  private:
    bool is_of_base(const catalog::LogSegment& segment) const {
        return std::ranges::any_of(bases_, [&](const timeline::LogRange& range) {
            return range.incarnation == segment.incarnation && range.begin < segment.end &&
                   segment.begin < range.end;
        });
    }

    const catalog::Logs& logs_;
    const catalog::LogIncarnation& incarnation_;
    const timeline::LogNeed& need_;
    const std::vector<timeline::LogRange>& bases_;
    LogPosition seen_;  ///< up to here
};

/// With the spans that are over before the last of them ends.
void remove(Context& context, const catalog::Logs& logs,
            const std::vector<catalog::LogSegment>& victims) {
    const auto changing = context.catalog().change_logs();
    const catalog::LogSegment& last = victims.back();
    auto changes = logs.remove(victims);
    logs.scan_spans(last.source, last.incarnation, {}, [&](const catalog::LogSpan& span) {
        if (span.until >= last.end) return false;
        changes.push_back(catalog::Logs::remove(span));
        return true;
    });
    context.store().commit(changes);
}

/// The log is known without a gap since then; there is none: nullopt.
std::optional<Timestamp> known_since(const timeline::Records& records) {
    const auto windows = timeline::windows(records);
    const auto last = std::ranges::find_if(windows.rbegin(), windows.rend(), [](const auto& each) {
        return each.incarnation.has_value();
    });
    return last == windows.rend() ? std::nullopt : std::optional(last->first.time);
}

}  // namespace

LogPruning prune_log(Context& context, const Judged& judged, const RetentionPolicy& policy,
                     PruneMode mode, const std::stop_token& stop) {
    LogPruning pruning;
    const Timestamp now = context.clock().now();
    const view::SourceRecords records(context.catalog(), context.cache(), judged.source.id);
    if (const auto known = known_since(records); known && policy.window.ns > 0)
        pruning.every_moment_since = std::max(*known, timeline::before(now, policy.window));
    const auto facts = facts_of(judged.snapshots);
    const auto since = timeline::moments_kept_since({facts}, judged.judgement, policy,
                                                    holds_of(context, judged, now), now);
    if (!since) return pruning;
    const auto need = timeline::log_needed_since(records, *since, now);
    if (!need) return pruning;
    const auto bases = ranges_of_bases(judged);
    for (const auto& incarnation : records.logs().incarnations(judged.source.id)) {
        Victims all(records.logs(), incarnation, *need, bases);
        for (auto victims = all.next(); !victims.empty(); victims = all.next()) {
            check_stop(stop);
            pruning.segments += victims.size();
            for (const auto& segment : victims) pruning.bytes += segment.bytes;
            if (mode == PruneMode::apply) remove(context, records.logs(), victims);
        }
    }
    return pruning;
}

}  // namespace yore::command
