// SPDX-License-Identifier: Apache-2.0
/// One incarnation's log with the parts of its ancestors that are its past, as one line of restore
/// points.
#pragma once

#include <yore/timeline/records.h>

#include <variant>
#include <vector>

namespace yore::timeline {

class Line {
  public:
    /// The part of an incarnation's log that is on the line.
    struct Piece {
        std::uint32_t incarnation = 0;
        LogPosition low, high;  ///< half-open
    };
    /// A restore point on the line, and the segment that holds it.
    struct Found {
        std::size_t piece = 0;
        Segment segment;
        std::uint32_t number = 0;  ///< in the segment's list
        bool is_last_of_segment = false;
        LogPosition position;
        Timestamp time;
    };
    /// There is none before: the log has a gap just before this place, or begins there.
    struct Unknown {
        std::size_t piece = 0;
        LogPosition begin;
    };

    /// `incarnation` is one of `all`. Oldest piece first.
    Line(const Records&, const std::vector<Incarnation>& all, std::uint32_t incarnation);

    const std::vector<Piece>& pieces() const { return pieces_; }
    /// The first, in log order, that is later.
    std::optional<Found> first_later_than(Timestamp) const;
    /// The last one before a position of a piece, over all the log that is there without a gap.
    std::variant<Found, Unknown> last_before(std::size_t piece, LogPosition) const;
    /// Where the last log that is on the line ends. There is none: nullopt.
    struct End {
        std::size_t piece = 0;
        LogPosition position;
        Timestamp known_until;
    };
    std::optional<End> end() const;
    /// The run that holds all of [begin, end) of an incarnation.
    std::optional<Run> run_with(std::uint32_t incarnation, LogPosition begin,
                                LogPosition end) const;

  private:
    Found found(std::size_t piece, const Segment&, const Points&, std::uint32_t number) const;
    std::optional<Found> crossing_from(std::size_t piece, const Segment&, LogPosition) const;

    const Records& records_;
    std::vector<Piece> pieces_;
};

}  // namespace yore::timeline
