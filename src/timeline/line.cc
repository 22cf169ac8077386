// SPDX-License-Identifier: Apache-2.0
#include "timeline/line.h"

#include <algorithm>
#include <limits>

namespace yore::timeline {

Line::Line(const Records& records, const std::vector<Incarnation>& all, std::uint32_t incarnation)
    : records_(records) {
    LogPosition high{std::numeric_limits<std::uint64_t>::max()};
    for (std::optional<std::uint32_t> next = incarnation; next;) {
        const auto here = std::ranges::lower_bound(all, *next, {}, &Incarnation::number);
        if (here == all.end() || here->number != *next) break;  // its records were removed
        const LogPosition low = here->fork ? here->fork->position : LogPosition{};
        if (low < high) pieces_.push_back({here->number, low, high});
        // A parent has a lower number, so this ends whatever the records say.
        next = here->fork && here->fork->incarnation < here->number
                   ? std::optional(here->fork->incarnation)
                   : std::nullopt;
        high = std::min(low, high);
    }
    std::ranges::reverse(pieces_);
}

Line::Found Line::found(std::size_t piece, const Segment& segment, const Points& points,
                        std::uint32_t number) const {
    const format::RestorePoint point = points.list.at(number);
    return {piece, segment, number, number + 1 == points.list.count(), point.position, point.time};
}

std::optional<Line::Found> Line::first_later_than(Timestamp time) const {
    for (std::size_t i = 0; i < pieces_.size(); ++i) {
        const Piece& piece = pieces_[i];
        const auto segment = records_.segment_later_than(piece.incarnation, time);
        if (!segment || segment->begin >= piece.high) continue;
        const Points points = records_.points(*segment);
        const auto number = points.list.first_later_than(time);
        Found later = found(i, *segment, points, number.value_or(0));
        // None: it was before this segment, in one that was pruned.
        if (!number) later.position = segment->begin;
        if (later.position < piece.high) return later;
    }
    return std::nullopt;
}

/// The point before `end` whose record begins in this segment and ends in the next one, which is
/// the one that lists it.
std::optional<Line::Found> Line::crossing_from(std::size_t piece, const Segment& segment,
                                               LogPosition end) const {
    if (segment.tree) return std::nullopt;  // records of a journal do not cross over
    const auto next = records_.segment_ending_after({segment.incarnation, segment.end});
    if (!next || next->begin != segment.end || !next->points) return std::nullopt;
    const Points points = records_.points(*next);
    if (points.list.at(0).position >= std::min(end, segment.end)) return std::nullopt;
    return found(piece, *next, points, 0);
}

std::variant<Line::Found, Line::Unknown> Line::last_before(std::size_t at,
                                                           LogPosition position) const {
    LogPosition end = position;
    for (std::size_t i = at + 1; i-- > 0;) {
        const Piece& piece = pieces_[i];
        end = std::min(end, piece.high);
        // Segments are walked backwards while they have no points.
        auto segment = end.value == 0
                           ? std::nullopt
                           : records_.segment_ending_after({piece.incarnation, {end.value - 1}});
        if (segment && segment->begin >= end) segment = std::nullopt;
        if (!segment && end > piece.low) return Unknown{i, end};
        if (segment)
            if (auto crossing = crossing_from(i, *segment, end);
                crossing && crossing->position >= piece.low)
                return *crossing;
        while (segment && segment->end > piece.low) {
            if (segment->points) {
                const Points points = records_.points(*segment);
                const auto number = points.list.last_at_or_before({end.value - 1});
                if (number && points.list.at(*number).position >= piece.low)
                    return found(i, *segment, points, *number);
            }
            end = std::max(segment->begin, piece.low);
            if (end == piece.low) break;
            segment = records_.segment_ending_at({piece.incarnation, end});
            if (!segment) return Unknown{i, end};
        }
        end = piece.low;
    }
    return Unknown{0, end};
}

std::optional<Line::End> Line::end() const {
    for (std::size_t i = pieces_.size(); i-- > 0;) {
        const Piece& piece = pieces_[i];
        const auto runs = records_.runs(piece.incarnation);
        const auto behind = std::ranges::lower_bound(runs, piece.high, {}, &Run::begin);
        if (behind == runs.begin()) continue;
        const LogPosition end = std::min(std::prev(behind)->end, piece.high);
        if (end <= piece.low) continue;
        const auto segment = records_.segment_ending_after({piece.incarnation, {end.value - 1}});
        // It may have grown since; what it knows goes with where it ends.
        if (segment) return End{i, std::min(segment->end, piece.high), segment->last_time};
    }
    return std::nullopt;
}

std::optional<Run> Line::run_with(std::uint32_t incarnation, LogPosition begin,
                                  LogPosition end) const {
    const auto runs = records_.runs(incarnation);
    const auto run = std::ranges::upper_bound(runs, begin, {}, &Run::end);
    if (run == runs.end() || run->begin > begin || run->end < end) return std::nullopt;
    return *run;
}

}  // namespace yore::timeline
