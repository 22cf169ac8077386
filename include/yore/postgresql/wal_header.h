// SPDX-License-Identifier: Apache-2.0
/// The versions of PostgreSQL that Yore knows, by their WAL, and how a segment begins.
///
/// Each page of the log has a header, and the first one of a segment a longer one:
/// XLogLongPageHeaderData in PostgreSQL's src/include/access/xlog_internal.h.
#pragma once

#include <yore/base/bytes.h>
#include <yore/postgresql/lsn.h>
#include <yore/postgresql/segment_name.h>

#include <cstdint>
#include <optional>
#include <string_view>

namespace yore::postgresql {

inline constexpr int major_version_min = 13;
inline constexpr int major_version_max = 18;

/// XLOG_PAGE_MAGIC of a major version. Not one that Yore knows: nullopt.
std::optional<std::uint16_t> page_magic_of(int major_version);
std::optional<int> major_version_of(std::uint16_t page_magic);

inline constexpr std::size_t long_page_header_bytes = 40;

struct SegmentHeader {
    int major_version = 0;
    std::uint64_t system_identifier = 0;  ///< of the cluster: pg_control has the same
    SegmentSize segment_size;
    std::uint32_t block_bytes = 8192;  ///< of a page of the log
    Timeline timeline;                 ///< of the first page: the segment's or one before it
    Lsn start;                         ///< of the segment
    bool operator==(const SegmentHeader&) const = default;
};

/// The header of a segment, from its first `long_page_header_bytes`. Cut short, or not the start of
/// a segment: `corrupt`; a version that is not known: `unsupported`. Both name `file`.
SegmentHeader parse_segment_header(ByteView segment, std::string_view file);

/// A record begins with its length, in so many bytes that no page divides.
inline constexpr std::size_t record_length_bytes = 4;
/// Behind the last byte of the record that begins at `start`, in a log of such pages. `length`: its
/// first bytes. Not a record's: `corrupt`.
Lsn end_of_record(const SegmentHeader&, Lsn start, ByteView length);

}  // namespace yore::postgresql
