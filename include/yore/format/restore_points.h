// SPDX-License-Identifier: Apache-2.0
/// The restore points of one log segment: the places of the log at which the source can be had,
/// each with its time. Delta-coded columns in blocks of 128 points, so that a list of 100,000
/// commits takes some 500 KB and a point is found without decoding all
/// (docs/format/restore_points.md).
///
/// A point is in the list of the segment that completes its record: that of the first one may begin
/// in the segment before.
///
/// A list is stored as a node. Its bytes may be hostile: whatever is wrong is `corrupt`.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>
#include <yore/format/log_position.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace yore::format {

/// The state after everything in the log up to and with the record at `position`.
struct RestorePoint {
    LogPosition position;
    Timestamp time;          ///< by the log's own clock, which may step back
    std::uint64_t id = 0;    ///< a transaction's number; 0: none
    std::string label = {};  ///< a named restore point; empty: none
    bool operator==(const RestorePoint&) const = default;
};

inline constexpr std::uint32_t restore_points_max = 1u << 20;
inline constexpr std::size_t restore_point_label_bytes_max = 255;

/// Collects a segment's points. One thread at a time.
class RestorePointsBuilder {
  public:
    /// Positions strictly ascend; else, and above the limits: Errc::invalid.
    void add(const RestorePoint&);
    std::uint32_t count() const { return static_cast<std::uint32_t>(points_.size()); }
    const std::vector<RestorePoint>& points() const { return points_; }
    /// The bytes of the node. The same points always give the same bytes. Needs one point.
    Bytes encode() const;

  private:
    std::vector<RestorePoint> points_;
};

/// Throws `corrupt` unless every point of the list can be read. A store::NodeCheck but for the id.
void check_restore_points(ByteView node);

/// Reads a list in place: a view of its bytes, which passed `check_restore_points` and outlive it.
class RestorePoints {
  public:
    explicit RestorePoints(ByteView checked) : bytes_(checked) {}

    std::uint32_t count() const;
    RestorePoint at(std::uint32_t place) const;  ///< below `count()`
    /// The greatest place whose position is at or before this one. Before the first: nullopt.
    std::optional<std::uint32_t> last_at_or_before(LogPosition) const;
    /// The first place, in log order, whose time is later. None: nullopt.
    std::optional<std::uint32_t> first_later_than(Timestamp) const;
    std::optional<std::uint32_t> with_id(std::uint64_t id) const;     ///< reads all
    std::optional<std::uint32_t> with_label(std::string_view) const;  ///< the last one; reads all
    std::vector<RestorePoint> all() const;

  private:
    ByteView bytes_;
};

}  // namespace yore::format
