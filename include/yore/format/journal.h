// SPDX-License-Identifier: Apache-2.0
/// The records of a directory's journal: what a segment of its log holds (docs/format/journal.md).
///
/// A record says what is at a name from then on, never what was there: applied twice it does what
/// it does once. Entries (attributes, xattrs, extents) are not in these bytes but in a directory
/// node beside them, LogSegment::entries, under the name that `journal_name` gives.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>
#include <yore/format/log_position.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yore::format {

struct JournalRecord {
    enum class Kind : std::uint8_t {
        put = 1,     ///< each path is the record's entry; a directory with all that is below it
        update = 2,  ///< the same, but a directory that is a directory already keeps what is in it
        remove = 3,  ///< each path goes, with all below it; one that is not there is gone already
        move = 4     ///< what is at the first path goes to the second, in place of what is there
    };
    Kind kind = Kind::put;
    Timestamp time;  ///< when it was seen
    /// From the source's directory, without a leading slash; that itself is "" (put and update).
    std::vector<std::string> paths;
    bool has_entry() const { return kind == Kind::put || kind == Kind::update; }
    bool operator==(const JournalRecord&) const = default;
};

/// Of one segment. Record i stands at position begin + i.
struct Journal {
    LogPosition begin;
    std::vector<JournalRecord> records;
    LogPosition end() const { return {begin.value + records.size()}; }
    bool operator==(const Journal&) const = default;
};

inline constexpr std::uint32_t journal_records_max = 1u << 16;
inline constexpr std::size_t journal_bytes_max = 4u << 20;  ///< so a segment is one chunk
inline constexpr std::size_t journal_path_bytes_max = 65535;

/// How many bytes the record takes in a segment.
std::size_t journal_bytes(const JournalRecord&);
inline constexpr std::size_t journal_header_bytes = 20;

/// No record, or above a limit, or a path that cannot be: Errc::invalid.
Bytes encode(const Journal&);
/// Anything that `encode` cannot give: `corrupt`; made by a newer version: `unsupported`.
Journal decode_journal(ByteView);

/// Sixteen hexadecimal digits, so that entries sort by position; a segment is named by its begin.
std::string journal_name(LogPosition);
/// Not such a name: nullopt.
std::optional<LogPosition> parse_journal_name(std::string_view);

}  // namespace yore::format
