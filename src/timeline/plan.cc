// SPDX-License-Identifier: Apache-2.0
#include <yore/timeline/plan.h>
#include <yore/timeline/windows.h>

#include <algorithm>
#include <limits>

#include <fmt/format.h>

#include "timeline/line.h"
#include "timeline/system_records.h"

namespace yore::timeline {
namespace {

using Why = NoPlan::Why;
constexpr int bases_tried_max = 16;

/// Where a moment stands in the log: behind `before`, and, if there is one, before `later`.
struct Between {
    std::variant<Line::Found, Line::Unknown> before;
    std::size_t piece = 0;  ///< of `limit`
    LogPosition limit;      ///< nothing at it or behind it is part of the state
    std::optional<Timestamp> asked;
};

class Planner {
  public:
    Planner(const Records& records, std::uint32_t incarnation,
            const std::vector<Incarnation>& incarnations)
        : records_(records), line_(records, incarnations, incarnation) {}

    const Line& line() const { return line_; }

    /// No such plan: nullopt, and `why` says it.
    std::optional<Plan> of(const Between& place, NoPlan& why) const {
        const auto* point = std::get_if<Line::Found>(&place.before);
        if (auto plan = of_snapshot(place, point)) return plan;
        if (!point) {
            why.why = Why::in_gap;
            why.text = "the log before it is not stored";
            return std::nullopt;
        }
        const auto span = span_over(*point, place);
        if (span && span->is_lost) {
            why.why = Why::in_gap;
            why.text =
                fmt::format("nothing is known from {} to {}: {}", to_rfc3339(span->from_time),
                            to_rfc3339(span->to_time), span->reason);
            return std::nullopt;
        }
        auto plan = of_point(*point, why);
        if (plan) plan->uncertain = span;
        return plan;
    }

  private:
    /// A snapshot beside the log is a restore point too, when none follows on it.
    std::optional<Plan> of_snapshot(const Between& place, const Line::Found* point) const {
        const Line::Piece& piece = line_.pieces()[place.piece];
        LogPosition low = piece.low;
        if (point && point->piece == place.piece) low = {point->position.value + 1};
        const auto* unknown = std::get_if<Line::Unknown>(&place.before);
        if (unknown && unknown->piece == place.piece) low = std::max(low, unknown->begin);
        LogPosition high = place.limit;
        for (int tried = 0; tried < bases_tried_max; ++tried) {
            const auto base = records_.newest_base({piece.incarnation, high});
            if (!base || base->log->consistent < low) return std::nullopt;
            if (!place.asked || base->ended <= *place.asked) return plan_of(*base);
            if (base->log->consistent.value == 0) return std::nullopt;
            high = {base->log->consistent.value - 1};  // it ended by a clock that went ahead
        }
        return std::nullopt;
    }
    static Plan plan_of(const Snapshot& base) {
        const Snapshot::Log& log = *base.log;
        Plan plan{.base = base,
                  .replay = {},
                  .time = base.ended,
                  .place = LogPlace{log.incarnation, log.consistent},
                  .point = {},
                  .uncertain = {}};
        add(plan.replay, log.incarnation, log.start, log.consistent);
        return plan;
    }

    /// The first span that is not over before what follows on the point.
    std::optional<Span> span_over(const Line::Found& point, const Between& place) const {
        for (std::size_t i = point.piece; i <= place.piece; ++i) {
            const Line::Piece& piece = line_.pieces()[i];
            const LogPosition from = i == point.piece ? point.position : piece.low;
            const LogPosition limit = i == place.piece ? place.limit : piece.high;
            const auto span = records_.span_behind({piece.incarnation, from});
            if (!span || span->after >= limit) continue;
            if (!place.asked || *place.asked > span->from_time) return span;
        }
        return std::nullopt;
    }

    /// The segment that completes the record is needed, also where the record begins before it.
    static LogPosition behind_record(const Line::Found& point) {
        return {std::max(point.position, point.segment.begin).value + 1};
    }
    std::optional<Plan> of_point(const Line::Found& point, NoPlan& why) const {
        Plan plan{.base = Segment{},
                  .replay = {},
                  .time = point.time,
                  .place = LogPlace{point.segment.incarnation, point.position},
                  .point = point.number,
                  .uncertain = {}};
        const LogPosition end = behind_record(point);
        if (point.segment.tree && point.is_last_of_segment) {
            plan.base = point.segment;
            return plan;
        }
        const auto before =
            records_.segment_ending_at({point.segment.incarnation, point.segment.begin});
        if (before && before->tree) {
            plan.base = *before;
            add(plan.replay, point.segment.incarnation, before->end, end);
            return plan;
        }
        if (!from_snapshot(point, plan)) {
            why.why = Why::no_base;
            why.text = "no snapshot reaches it over a log without a gap";
            return std::nullopt;
        }
        return plan;
    }

    /// The newest snapshot on the line: if the log from it has a gap, that of an older one has too.
    bool from_snapshot(const Line::Found& point, Plan& plan) const {
        LogPosition end = behind_record(point);
        for (std::size_t i = point.piece + 1; i-- > 0;) {
            const Line::Piece& piece = line_.pieces()[i];
            end = std::min(end, piece.high);
            if (end.value == 0) return false;
            const auto base = records_.newest_base({piece.incarnation, end});
            const bool is_here = base && base->log->consistent >= piece.low;
            const LogPosition from = is_here ? base->log->start : piece.low;
            if (from < end && !line_.run_with(piece.incarnation, from, end)) return false;
            add(plan.replay, piece.incarnation, from, end);
            if (is_here) {
                plan.base = *base;
                std::ranges::reverse(plan.replay);
                return true;
            }
            end = piece.low;
        }
        return false;
    }

    static void add(std::vector<LogRange>& replay, std::uint32_t incarnation, LogPosition begin,
                    LogPosition end) {
        if (begin < end) replay.push_back({incarnation, begin, end});
    }

    const Records& records_;
    Line line_;
};

Plan of_snapshot_alone(const Snapshot& snapshot) {
    return {.base = snapshot,
            .replay = {},
            .time = snapshot.ended,
            .place = {},
            .point = {},
            .uncertain = {}};
}

void add_nearest(const Records& records, Timestamp moment, NoPlan& none) {
    for (const Window& window : windows(records)) {
        if (window.last.time <= moment && (!none.before || none.before->time < window.last.time))
            none.before = Existing{window.last.time, window.last.place};
        if (window.first.time > moment && (!none.after || window.first.time < none.after->time))
            none.after = Existing{window.first.time, window.first.place};
    }
}

/// The plans of a source that has a log.
class LogPlanner {
  public:
    LogPlanner(const Records& records, std::vector<Incarnation> incarnations)
        : records_(records), incarnations_(std::move(incarnations)) {}

    std::optional<Plan> at(Timestamp moment, NoPlan& why) const {
        const Planner planner(records_, incarnations_.back().number, incarnations_);
        const Line& line = planner.line();
        // The end first: the log may grow meanwhile, and nothing before that end is later than the
        // moment when nothing that is stored afterwards is.
        const auto end = line.end();
        if (const auto later = line.first_later_than(moment)) {
            auto plan = planner.of({line.last_before(later->piece, later->position), later->piece,
                                    later->position, moment},
                                   why);
            return plan ? plan : before_log(moment, why);
        }
        if (!end) return alone(moment, why);
        auto plan = planner.of(behind(line, *end, moment), why);
        const Timestamp known_until =
            std::max(end->known_until, plan ? plan->time : end->known_until);
        if (moment <= known_until) return plan ? plan : before_log(moment, why);
        const auto snapshot = records_.snapshot_ended_by(moment);
        if (snapshot && snapshot->ended > known_until) return of_snapshot_alone(*snapshot);
        if (!plan) return before_log(moment, why);
        why.why = Why::after_last;
        why.text = fmt::format("the log is known up to {}", to_rfc3339(known_until));
        return std::nullopt;
    }

    std::optional<Plan> latest(Timestamp now, NoPlan& why) const {
        const Planner planner(records_, incarnations_.back().number, incarnations_);
        const auto end = planner.line().end();
        const std::uint32_t count = records_.snapshot_count();
        if (!end && count > 0) return of_snapshot_alone(records_.snapshot(count - 1));
        if (!end) return alone(now, why);
        auto plan = planner.of(behind(planner.line(), *end, {}), why);
        if (count == 0) return plan;
        const Snapshot newest = records_.snapshot(count - 1);
        const bool is_newer = !plan || newest.ended > std::max(end->known_until, plan->time);
        return is_newer ? std::optional(of_snapshot_alone(newest)) : plan;
    }

    std::optional<Plan> at(const AtPosition& moment, NoPlan& why) const {
        const std::uint32_t number = moment.incarnation.value_or(incarnations_.back().number);
        if (std::ranges::none_of(incarnations_,
                                 [&](const auto& each) { return each.number == number; })) {
            why.why = Why::unknown_incarnation;
            why.text = "there is no such incarnation of the log";
            return std::nullopt;
        }
        const Planner planner(records_, number, incarnations_);
        const Line& line = planner.line();
        std::size_t piece = line.pieces().size() - 1;
        while (piece > 0 && moment.position < line.pieces()[piece].low) --piece;
        const std::uint32_t incarnation = line.pieces()[piece].incarnation;
        const auto segment = records_.segment_ending_after({incarnation, moment.position});
        if (!segment || segment->begin > moment.position) {
            why.why = segment ? Why::in_gap : Why::after_last;
            why.text = segment ? "the log has a gap there" : "the log ends before it";
            return std::nullopt;
        }
        const LogPosition limit{moment.position.value + 1};
        return planner.of({line.last_before(piece, limit), piece, limit, {}}, why);
    }

  private:
    static Between behind(const Line& line, const Line::End& end, std::optional<Timestamp> asked) {
        return {line.last_before(end.piece, end.position), end.piece, end.position, asked};
    }
    std::optional<Plan> alone(Timestamp moment, NoPlan& why) const {
        why.why = Why::before_first;
        why.text = "nothing was stored by then";
        const auto snapshot = records_.snapshot_ended_by(moment);
        return snapshot ? std::optional(of_snapshot_alone(*snapshot)) : std::nullopt;
    }
    /// Before the first window of the log, snapshots are the restore points.
    std::optional<Plan> before_log(Timestamp moment, NoPlan& why) const {
        bool is_before = false;
        for (const Window& window : windows(records_)) {
            if (window.incarnation && window.first.time <= moment) return std::nullopt;
            is_before = true;
        }
        return is_before ? alone(moment, why) : std::nullopt;
    }

    const Records& records_;
    std::vector<Incarnation> incarnations_;
};

std::optional<Plan> of_snapshots(const Records& records, const Moment& moment, NoPlan& why) {
    const std::uint32_t count = records.snapshot_count();
    if (std::holds_alternative<AtPosition>(moment)) {
        why.why = Why::unknown_incarnation;
        why.text = "the source has no log";
        return std::nullopt;
    }
    if (count == 0) {
        why.text = "nothing is stored";
        return std::nullopt;
    }
    const auto* time = std::get_if<Timestamp>(&moment);
    if (!time)
        return of_snapshot_alone(
            records.snapshot(std::holds_alternative<Latest>(moment) ? count - 1 : 0));
    const auto snapshot = records.snapshot_ended_by(*time);
    if (snapshot) return of_snapshot_alone(*snapshot);
    why.why = Why::before_first;
    why.text = "nothing was stored by then";
    return std::nullopt;
}

std::optional<Plan> earliest(const Records& records, const LogPlanner& log, NoPlan& why) {
    const auto all = windows(records);
    const auto first =
        std::ranges::min_element(all, {}, [](const Window& window) { return window.first.time; });
    if (first == all.end()) return std::nullopt;
    if (!first->incarnation) return of_snapshot_alone(records.snapshot(0));
    return log.at(AtPosition{first->incarnation, first->first.place->position}, why);
}

std::optional<Plan> with_log(const Records& records, std::vector<Incarnation> incarnations,
                             const Moment& moment, Timestamp now, NoPlan& why) {
    const LogPlanner log(records, std::move(incarnations));
    if (const auto* time = std::get_if<Timestamp>(&moment)) return log.at(*time, why);
    if (const auto* position = std::get_if<AtPosition>(&moment)) return log.at(*position, why);
    if (std::holds_alternative<Latest>(moment)) return log.latest(now, why);
    return earliest(records, log, why);
}

/// Of records of one system; a position: of all.
std::optional<Plan> of_system(const Records& records, const Moment& moment, Timestamp now,
                              NoPlan& why) {
    auto incarnations = records.incarnations();
    return incarnations.empty() ? of_snapshots(records, moment, why)
                                : with_log(records, std::move(incarnations), moment, now, why);
}

/// Whether the moment may be one of an older system when this one does not have it. A time that a
/// snapshot of this one stands for is not: what is missing there is missing.
bool may_be_older(const SystemRecords& records, const Moment& moment) {
    const auto* time = std::get_if<Timestamp>(&moment);
    return !time || records.snapshot_count() == 0 || *time < records.snapshot(0).ended;
}

/// A time, the first or the last of all moments; `systems`: oldest first.
std::optional<Plan> of_systems(const Records& records, std::vector<std::uint32_t> systems,
                               const Moment& moment, Timestamp now, NoPlan& why) {
    if (!std::holds_alternative<Earliest>(moment)) std::ranges::reverse(systems);
    for (const std::uint32_t system : systems) {
        const SystemRecords own(records, system);
        why = {};
        auto plan = of_system(own, moment, now, why);
        if (plan) {
            auto* base = std::get_if<Snapshot>(&plan->base);
            if (base != nullptr) base->place += own.first_place();
            return plan;
        }
        if (!may_be_older(own, moment)) return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace

std::variant<Plan, NoPlan> plan(const Records& records, const Moment& moment, Timestamp now) {
    NoPlan why;
    const auto* time = std::get_if<Timestamp>(&moment);
    std::optional<Plan> found;
    if (time && *time > now) {
        why.why = Why::after_last;
        why.text = fmt::format("it is later than now, {}", to_rfc3339(now));
    } else {
        auto systems = systems_of(records);
        const bool is_of_one = systems.size() < 2 || std::holds_alternative<AtPosition>(moment);
        found = is_of_one ? of_system(records, moment, now, why)
                          : of_systems(records, std::move(systems), moment, now, why);
    }
    if (found) return std::move(*found);
    add_nearest(records, time ? *time : now, why);
    return why;
}

}  // namespace yore::timeline
