// SPDX-License-Identifier: Apache-2.0
/// The files in which PostgreSQL keeps its log: their names, and what these say.
///
/// Names as in PostgreSQL's src/include/access/xlog_internal.h; digits are upper-case there, so
/// only these are names.
#pragma once

#include <yore/postgresql/lsn.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yore::postgresql {

/// The number of a segment: its first LSN divided by the segment size.
struct SegmentNumber {
    std::uint64_t value = 0;
    auto operator<=>(const SegmentNumber&) const = default;
};

/// `wal_segment_size` of a cluster: a power of two from 1 MiB to 1 GiB.
class SegmentSize {
  public:
    /// 16 MiB, unless `initdb --wal-segsize` said otherwise.
    SegmentSize() = default;
    /// Not such a size: nullopt.
    static std::optional<SegmentSize> of(std::uint64_t bytes);

    std::uint32_t bytes() const { return bytes_; }
    /// The segment that holds this byte. (PostgreSQL calls the one of the byte before "previous".)
    SegmentNumber segment_of(Lsn lsn) const { return {lsn.value / bytes_}; }
    Lsn start_of(SegmentNumber number) const { return {number.value * bytes_}; }
    std::uint32_t offset_of(Lsn lsn) const {
        return static_cast<std::uint32_t>(lsn.value % bytes_);
    }
    bool operator==(const SegmentSize&) const = default;

  private:
    explicit SegmentSize(std::uint32_t bytes) : bytes_(bytes) {}
    std::uint32_t bytes_ = 16u << 20;
};

/// What a file of `pg_wal` or of an archive is, by its name.
struct LogFileName {
    enum class Kind {
        segment,           ///< `000000010000000000000003`
        partial,           ///< `….partial`: the last segment of a timeline, or one being received
        backup_history,    ///< `….00000028.backup`: a base backup started at this byte of it
        timeline_history,  ///< `00000002.history`: where timeline 2 comes from; has no segment
    };
    Kind kind = Kind::segment;
    Timeline timeline;
    SegmentNumber segment = {};
    std::uint32_t offset = 0;  ///< of a backup_history: within the segment
    bool operator==(const LogFileName&) const = default;
};

/// `000000010000000000000003`.
std::string segment_name(Timeline, SegmentNumber, SegmentSize);
std::string to_text(const LogFileName&, SegmentSize);
/// Any of the four. Not such a name, timeline 0, or no segment of this size: nullopt.
std::optional<LogFileName> parse_log_file_name(std::string_view name, SegmentSize);

}  // namespace yore::postgresql
