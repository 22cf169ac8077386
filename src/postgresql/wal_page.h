// SPDX-License-Identifier: Apache-2.0
/// The headers of the log's pages, and how long records are.
#pragma once

#include <yore/postgresql/wal_header.h>
#include <yore/postgresql/wal_reader.h>

namespace yore::postgresql {

inline constexpr std::size_t short_page_header_bytes = 24;
inline constexpr std::size_t record_header_bytes = 24;

/// Just below the largest block of memory that PostgreSQL allocates, so that no server of any
/// version could read a longer one (MaxAllocSize, src/include/utils/memutils.h; XLogRecordMaxSize,
/// access/xlogrecord.h, is a little less).
inline constexpr std::uint32_t record_bytes_max = 0x3FFF'FFFF;

struct PageHeader {
    /// XLP_*; 4 says something of the images of blocks that matters to nobody but compressors.
    enum Flag : std::uint16_t { continues_record = 1, is_long = 2, overwrites_record = 8 };

    std::uint16_t magic = 0;
    std::uint16_t flags = 0;
    Timeline timeline;
    Lsn address;
    std::uint32_t record_bytes_left = 0;  ///< of a record that the page goes on with
    std::uint64_t system_identifier = 0;  ///< this and what follows: of a long header
    std::uint32_t segment_bytes = 0, block_bytes = 0;

    bool has(Flag flag) const { return (flags & flag) != 0; }
    std::size_t bytes() const {
        return has(is_long) ? long_page_header_bytes : short_page_header_bytes;
    }
};

/// Of at least 24 bytes; the part of the long header only when all of it is there.
PageHeader load_page_header(ByteView);

/// What is wrong with a page, and what to say of it.
struct PageFault {
    WalStop::Reason reason;
    std::string text;
};
/// Whether this may be the page at `at` of the stream. `before` is the timeline of the last page.
std::optional<PageFault> fault_of(const PageHeader&, const WalStream&, Lsn at, Timeline before);

}  // namespace yore::postgresql
