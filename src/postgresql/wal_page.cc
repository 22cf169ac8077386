// SPDX-License-Identifier: Apache-2.0
#include "postgresql/wal_page.h"

#include <yore/base/error.h>

#include <array>
#include <bit>
#include <utility>

#include "postgresql/wal_bytes.h"

namespace yore::postgresql {
namespace {

using Reason = WalStop::Reason;

/// XLOG_PAGE_MAGIC in src/include/access/xlog_internal.h of each branch. It changes with every
/// change of the log's format, so never within a major version.
constexpr std::array<std::pair<int, std::uint16_t>, 6> page_magics{
    {{13, 0xD106}, {14, 0xD10D}, {15, 0xD110}, {16, 0xD113}, {17, 0xD116}, {18, 0xD118}}};

constexpr std::uint16_t all_flags = 15;  // XLP_ALL_FLAGS up to 18

bool is_zero(const PageHeader& header) {
    return header.magic == 0 && header.flags == 0 && header.timeline.value == 0 &&
           header.address.value == 0 && header.record_bytes_left == 0;
}

PageFault wrong_magic(const PageHeader& header, const WalStream& stream) {
    if (const auto major = major_version_of(header.magic)) {
        return {Reason::foreign, fmt::format("it was written by PostgreSQL {}, not {}", *major,
                                             stream.major_version)};
    }
    return {Reason::page_header, fmt::format("0x{:04X} is not the magic number of PostgreSQL {}",
                                             header.magic, stream.major_version)};
}

std::optional<PageFault> foreign(const PageHeader& header, const WalStream& stream) {
    if (header.system_identifier != stream.system_identifier) {
        return PageFault{Reason::foreign,
                         fmt::format("it is of the cluster {}, not of {}", header.system_identifier,
                                     stream.system_identifier)};
    }
    if (header.segment_bytes != stream.segment_size.bytes()) {
        return PageFault{Reason::foreign,
                         fmt::format("its segments have {} bytes, not {}", header.segment_bytes,
                                     stream.segment_size.bytes())};
    }
    if (header.block_bytes != stream.block_bytes) {
        return PageFault{Reason::foreign, fmt::format("its pages have {} bytes, not {}",
                                                      header.block_bytes, stream.block_bytes)};
    }
    return std::nullopt;
}

/// A file of the log is renamed and used again: its old pages have the address of its old name.
PageFault wrong_address(const PageHeader& header, const WalStream& stream, Lsn at) {
    const SegmentSize size = stream.segment_size;
    const bool old = header.address < at && size.offset_of(header.address) == size.offset_of(at);
    return {old ? Reason::old_page : Reason::page_address,
            fmt::format("it is the page of {}", to_text(header.address))};
}

std::optional<PageFault> wrong_timeline(const PageHeader& header, const WalStream& stream, Lsn at,
                                        Timeline before) {
    const bool only_this = stream.timeline_start.valid() && at > stream.timeline_start;
    const Timeline first = only_this ? stream.timeline : std::max(before, Timeline{1});
    if (header.timeline >= first && header.timeline <= stream.timeline) return std::nullopt;
    return PageFault{Reason::timeline,
                     fmt::format("it is of timeline {}, not of {}", header.timeline.value,
                                 first == stream.timeline ? fmt::to_string(first.value)
                                                          : fmt::format("{} to {}", first.value,
                                                                        stream.timeline.value))};
}

}  // namespace

std::optional<std::uint16_t> page_magic_of(int major_version) {
    for (const auto& [major, magic] : page_magics) {
        if (major == major_version) return magic;
    }
    return std::nullopt;
}

std::optional<int> major_version_of(std::uint16_t page_magic) {
    for (const auto& [major, magic] : page_magics) {
        if (magic == page_magic) return major;
    }
    return std::nullopt;
}

PageHeader load_page_header(ByteView bytes) {
    PageHeader header{load<std::uint16_t>(bytes),
                      load<std::uint16_t>(bytes, 2),
                      {load<std::uint32_t>(bytes, 4)},
                      {load<std::uint64_t>(bytes, 8)},
                      load<std::uint32_t>(bytes, 16)};
    if (header.has(PageHeader::is_long) && bytes.size() >= long_page_header_bytes) {
        header.system_identifier = load<std::uint64_t>(bytes, 24);
        header.segment_bytes = load<std::uint32_t>(bytes, 32);
        header.block_bytes = load<std::uint32_t>(bytes, 36);
    }
    return header;
}

std::optional<PageFault> fault_of(const PageHeader& header, const WalStream& stream, Lsn at,
                                  Timeline before) {
    if (is_zero(header)) return PageFault{Reason::zeros, "it is empty"};
    if (header.magic != page_magic_of(stream.major_version)) return wrong_magic(header, stream);
    if ((header.flags & ~all_flags) != 0) {
        return PageFault{Reason::page_header, fmt::format("flags 0x{:04X}", header.flags)};
    }
    if (header.has(PageHeader::is_long)) {
        if (auto fault = foreign(header, stream)) return fault;
    } else if (stream.segment_size.offset_of(at) == 0) {
        return PageFault{Reason::page_header, "the first page of a segment has no long header"};
    }
    if (header.address != at) return wrong_address(header, stream, at);
    return wrong_timeline(header, stream, at, before);
}

SegmentHeader parse_segment_header(ByteView segment, std::string_view file) {
    const auto corrupt = [&](std::string_view what) {
        return Error(Errc::corrupt, fmt::format("WAL segment {}: {}", file, what));
    };
    if (segment.size() < long_page_header_bytes) throw corrupt("it is cut short");
    const PageHeader header = load_page_header(segment);
    const auto major = major_version_of(header.magic);
    if (!major) {
        if (is_zero(header)) throw corrupt("its first page is empty");
        throw Error(
            Errc::unsupported,
            fmt::format("WAL segment {}: page magic 0x{:04X} is of no version from {} to {}", file,
                        header.magic, major_version_min, major_version_max));
    }
    const auto size = SegmentSize::of(header.segment_bytes);
    if ((header.flags & ~all_flags) != 0 || !header.has(PageHeader::is_long))
        throw corrupt("its first page has no long header");
    if (!size || !std::has_single_bit(header.block_bytes) || header.block_bytes < 1024 ||
        header.block_bytes > 65'536)
        throw corrupt("the sizes in its header cannot be");
    if (size->offset_of(header.address) != 0 || !header.timeline.valid())
        throw corrupt("its header is not that of a segment's first page");
    return {*major,        header.system_identifier, *size, header.block_bytes, header.timeline,
            header.address};
}

Lsn end_of_record(const SegmentHeader& log, Lsn start, ByteView length) {
    const auto bytes = length.size() < record_length_bytes ? 0 : load<std::uint32_t>(length);
    if (bytes < record_header_bytes || bytes > record_bytes_max)
        throw Error(Errc::corrupt,
                    fmt::format("record at {}: no record has {} bytes", to_text(start), bytes));
    std::uint64_t at = start.value, left = bytes;
    for (;;) {
        const std::uint64_t room = log.block_bytes - at % log.block_bytes;
        if (left <= room) return {at + left};
        left -= room;
        at += room;
        at += log.segment_size.offset_of({at}) == 0 ? long_page_header_bytes
                                                    : short_page_header_bytes;
    }
}

}  // namespace yore::postgresql
