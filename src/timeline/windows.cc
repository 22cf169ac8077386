// SPDX-License-Identifier: Apache-2.0
#include <yore/timeline/windows.h>

#include <algorithm>
#include <limits>
#include <map>

#include <fmt/format.h>

#include "timeline/line.h"
#include "timeline/system_records.h"

namespace yore::timeline {
namespace {

constexpr int bases_tried_max = 16;

std::string between(Timestamp from, Timestamp to) {
    return fmt::format("from {} to {}", to_rfc3339(from), to_rfc3339(to));
}

/// The windows in the log of one source.
class LogWindows {
  public:
    explicit LogWindows(const Records& records)
        : records_(records), incarnations_(records.incarnations()) {}

    std::vector<Window> all() {
        for (const Incarnation& incarnation : incarnations_) {
            const auto runs = records_.runs(incarnation.number);
            for (std::size_t i = 0; i < runs.size(); ++i) add_run(incarnation, runs, i);
        }
        return std::move(windows_);
    }

  private:
    void add_run(const Incarnation& incarnation, const std::vector<Run>& runs, std::size_t i) {
        const Run& run = runs[i];
        auto first = first_of(incarnation, run);
        if (!first) return;
        reachable_[incarnation.number].push_back({first->place->position, run.end});
        if (i > 0) first->reason += " after a gap in the log";
        Window window{.incarnation = incarnation.number,
                      .first = *first,
                      .last = *first,
                      .known_until = first->time,
                      .uncertain = {}};
        LogPosition end = run.end;
        window = split_at_spans(std::move(window), end);
        window.last = last_before(incarnation.number, end, window.first);
        const auto segment = records_.segment_ending_at({incarnation.number, run.end});
        window.known_until =
            std::max(window.last.time, segment ? segment->last_time : window.last.time);
        window.last.reason = i + 1 < runs.size() ? gap_text(incarnation.number, run, runs[i + 1])
                                                 : "last restore point that is stored";
        windows_.push_back(std::move(window));
    }

    std::optional<Bound> first_of(const Incarnation& incarnation, const Run& run) const {
        if (incarnation.fork && continues_parent(*incarnation.fork, run))
            return first_after_fork(incarnation, run);
        std::optional<Bound> first = first_snapshot(incarnation.number, run);
        const auto segment = records_.segment_ending_after({incarnation.number, run.begin});
        if (!segment || !segment->tree || !segment->points) return first;
        const Points points = records_.points(*segment);
        const format::RestorePoint last = points.list.at(points.list.count() - 1);
        if (first && first->place->position <= last.position) return first;
        return Bound{last.time, LogPlace{incarnation.number, last.position}, "first stored tree"};
    }
    bool continues_parent(const LogPlace& fork, const Run& run) const {
        const auto parent = reachable_.find(fork.incarnation);
        if (parent == reachable_.end() || run.begin > fork.position || run.end <= fork.position)
            return false;
        return std::ranges::any_of(parent->second, [&](const Run& part) {
            return part.begin < fork.position && fork.position <= part.end;
        });
    }
    std::optional<Bound> first_after_fork(const Incarnation& incarnation, const Run& run) const {
        const auto segment =
            records_.segment_ending_after({incarnation.number, incarnation.fork->position});
        if (!segment) return std::nullopt;
        Bound bound{segment->last_time, incarnation.fork, "goes on from its parent's window"};
        bound.place->incarnation = incarnation.number;
        if (!segment->points || run.end <= bound.place->position) return bound;
        const Points points = records_.points(*segment);
        bound.time = points.list.at(0).time;
        return bound;
    }
    std::optional<Bound> first_snapshot(std::uint32_t incarnation, const Run& run) const {
        LogPosition from = run.begin;
        for (int tried = 0; tried < bases_tried_max; ++tried) {
            const auto base = records_.oldest_base({incarnation, from});
            if (!base || base->log->consistent > run.end) return std::nullopt;
            if (base->log->start >= run.begin)
                return Bound{base->ended, LogPlace{incarnation, base->log->consistent},
                             "first base"};
            from = {base->log->consistent.value + 1};
        }
        return std::nullopt;
    }

    /// Hands out a window for each part before a lost span; returns what is behind the last one.
    /// `end` of the run comes forward when its last part is lost.
    Window split_at_spans(Window window, LogPosition& end) {
        const std::uint32_t incarnation = *window.incarnation;
        LogPosition from = window.first.place->position;
        while (const auto span = records_.span_behind({incarnation, from})) {
            if (span->after >= end) break;
            from = span->until;
            if (!span->is_lost) {
                window.uncertain.push_back(*span);
                continue;
            }
            if (span->until >= end) {
                end = {span->after.value + 1};
                break;
            }
            const std::string text =
                fmt::format("{}: {}", between(span->from_time, span->to_time), span->reason);
            Window before = window;
            before.last = last_before(incarnation, {span->after.value + 1}, window.first);
            before.last.reason = "nothing is known " + text;
            before.known_until = std::max(before.last.time, span->from_time);
            windows_.push_back(std::move(before));
            window.first = {span->to_time, LogPlace{incarnation, span->until},
                            "known again; nothing is known " + text};
            window.uncertain.clear();
        }
        return window;
    }

    Bound last_before(std::uint32_t incarnation, LogPosition end, const Bound& first) const {
        const Line line(records_, {{incarnation, {}, {}}}, incarnation);
        const auto found = line.last_before(0, end);
        const auto* point = std::get_if<Line::Found>(&found);
        if (!point || point->position < first.place->position) return first;
        return {point->time, LogPlace{incarnation, point->position}, {}};
    }

    std::string gap_text(std::uint32_t incarnation, const Run& run, const Run& next) const {
        const auto before = records_.segment_ending_at({incarnation, run.end});
        const auto after = records_.segment_ending_after({incarnation, next.begin});
        std::string text = "the log has a gap";
        if (before && after) text += fmt::format(" between {} and {}", before->name, after->name);
        const auto span = records_.span_behind({incarnation, {run.end.value - 1}});
        if (span && span->after <= next.begin)
            text += fmt::format(", {}: {}", between(span->from_time, span->to_time), span->reason);
        return text;
    }

    const Records& records_;
    std::vector<Incarnation> incarnations_;
    std::map<std::uint32_t, std::vector<Run>> reachable_;
    std::vector<Window> windows_;
};

/// Snapshots `first` to `last`, without the log.
Window of_snapshots(const Records& records, std::uint32_t first, std::uint32_t last,
                    const char* reason) {
    const Timestamp until = records.snapshot(last).ended;
    return {.incarnation = {},
            .first = {records.snapshot(first).ended, {}, "first snapshot"},
            .last = {until, {}, reason},
            .known_until = until,
            .uncertain = {}};
}

std::vector<Window> of_system(const Records& records) {
    std::vector<Window> all = LogWindows(records).all();
    const std::uint32_t count = records.snapshot_count();
    if (count == 0) return all;
    if (all.empty()) {
        all.push_back(of_snapshots(records, 0, count - 1, "last snapshot"));
        return all;
    }
    const auto first_log =
        std::ranges::min_element(all, {}, [](const Window& window) { return window.first.time; });
    const Timestamp from = first_log->first.time;
    const Timestamp until = std::ranges::max_element(all, {}, &Window::known_until)->known_until;
    if (from.ns > std::numeric_limits<std::int64_t>::min())
        if (const auto last = records.snapshot_ended_by({from.ns - 1}))
            all.insert(all.begin(), of_snapshots(records, 0, last->place, "the log begins"));
    const auto known = records.snapshot_ended_by(until);
    const std::uint32_t next = known ? known->place + 1 : 0;
    if (next < count && records.snapshot(next).ended > until)
        all.push_back(of_snapshots(records, next, count - 1, "last snapshot"));
    return all;
}

}  // namespace

std::vector<Window> windows(const Records& records) {
    const auto systems = systems_of(records);
    if (systems.size() < 2) return of_system(records);
    std::vector<Window> all;
    for (const std::uint32_t system : systems)
        std::ranges::move(of_system(SystemRecords(records, system)), std::back_inserter(all));
    return all;
}

}  // namespace yore::timeline
