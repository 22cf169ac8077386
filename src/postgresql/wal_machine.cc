// SPDX-License-Identifier: Apache-2.0
//
// Bytes come in pieces of any size. What lies whole in one piece and one page (nearly every record)
// is checked where it is; only what is split goes through the buffers for a page's and a record's
// header, and the running checksum. Both ways end in end_record().
#include "postgresql/wal_machine.h"

#include <yore/base/error.h>

#include <algorithm>
#include <bit>
#include <utility>

#include "postgresql/wal_bytes.h"

namespace yore::postgresql {
namespace {

using Reason = WalStop::Reason;

constexpr int extensions_since = 15;    // the version in which they may bring resource managers
constexpr std::uint64_t alignment = 8;  // MAXALIGN of every 64-bit platform

std::uint64_t aligned(std::uint64_t position) {
    return (position + alignment - 1) & ~(alignment - 1);
}

/// The checksum of a record: over its body, then over its header without the checksum.
std::uint32_t sum_of(std::uint32_t body_sum, ByteView header) {
    Crc32c sum = Crc32c::after(body_sum);
    sum.add(header.first(record_header_bytes - 4));
    return sum.value();
}

}  // namespace

WalReader::Machine::Machine(const WalStream& stream, Lsn start)
    : stream_(stream), position_(start.value), end_(start) {
    check_stream();
    const bool in_header = page_offset() != 0 && page_offset() < short_page_header_bytes;
    if (position_ % alignment != 0 || in_header)
        throw Error(Errc::invalid, fmt::format("no record begins at {}", to_text(start)));
    at_start_ = page_offset() == 0;
}

void WalReader::Machine::check_stream() const {
    if (!page_magic_of(stream_.major_version)) {
        throw Error(Errc::invalid,
                    fmt::format("WAL of PostgreSQL {} is not known", stream_.major_version));
    }
    const std::uint32_t block = stream_.block_bytes;
    if (!std::has_single_bit(block) || block < 1024 || block > 65'536)
        throw Error(Errc::invalid, fmt::format("no page of WAL has {} bytes", block));
    if (!stream_.timeline.valid()) throw Error(Errc::invalid, "no timeline has the number 0");
}

void WalReader::Machine::stop(Reason reason, Lsn at, std::string_view what, std::string_view text) {
    stop_ = WalStop{reason, at, end_, fmt::format("{} at {}: {}", what, to_text(at), text)};
}

void WalReader::Machine::feed(ByteView bytes, WalListener& listener) {
    while (!bytes.empty() && !stop_) {
        std::size_t taken;
        if (phase_ == Phase::filler) {
            taken = skip_filler(bytes);
        } else if (page_bytes_ > 0 || page_offset() == 0) {
            taken = read_page_header(bytes);
        } else {
            const auto in_page = stream_.block_bytes - page_offset();
            taken =
                read_in_page(bytes.first(std::min<std::uint64_t>(bytes.size(), in_page)), listener);
        }
        bytes = bytes.subspan(taken);
    }
}

std::size_t WalReader::Machine::skip_filler(ByteView bytes) {
    const auto left = stream_.segment_size.bytes() - stream_.segment_size.offset_of({position_});
    const auto taken = std::min<std::size_t>(bytes.size(), left);
    position_ += taken;
    if (taken == left) phase_ = Phase::between;
    return taken;
}

std::size_t WalReader::Machine::read_page_header(ByteView bytes) {
    std::size_t taken = 0;
    const auto collect = [&](std::size_t wanted) {
        const auto part = std::min(wanted - page_bytes_, bytes.size() - taken);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(taken), part,
                    page_.begin() + static_cast<std::ptrdiff_t>(page_bytes_));
        page_bytes_ += part;
        taken += part;
        return page_bytes_ == wanted;
    };
    if (page_bytes_ < short_page_header_bytes && !collect(short_page_header_bytes)) {
        position_ += taken;
        return taken;
    }
    PageHeader header = load_page_header(ByteView(page_).first(short_page_header_bytes));
    const bool whole = page_bytes_ == header.bytes() || collect(header.bytes());
    position_ += taken;
    if (!whole) return taken;
    header = load_page_header(ByteView(page_).first(page_bytes_));
    const Lsn page{position_ - page_bytes_};
    page_bytes_ = 0;
    enter_page(header, page);
    return taken;
}

void WalReader::Machine::enter_page(const PageHeader& header, Lsn page) {
    if (const auto fault = fault_of(header, stream_, page, page_timeline_))
        return stop(fault->reason, page, "page", fault->text);
    page_timeline_ = header.timeline;
    const bool first = std::exchange(at_start_, false);
    const bool continues = header.has(PageHeader::continues_record);
    if (header.has(PageHeader::overwrites_record)) {
        if (phase_ == Phase::record) overwritten_ = record_;
        phase_ = Phase::between;
    } else if (phase_ == Phase::between && first && continues) {
        phase_ = Phase::rest;
        left_ = header.record_bytes_left;
        if (left_ == 0 || left_ > record_bytes_max)
            stop(Reason::continuation, page, "page", "it goes on with a record of no length");
    } else if (phase_ == Phase::between) {
        if (!continues) return;
        stop(Reason::continuation, page, "page", "it goes on with a record that did not begin");
    } else if (!continues || header.record_bytes_left != left_) {
        stop(Reason::continuation, page, "page",
             fmt::format("it goes on with {} bytes of a record, not {}",
                         continues ? header.record_bytes_left : 0, left_));
    }
}

std::size_t WalReader::Machine::read_in_page(ByteView bytes, WalListener& listener) {
    switch (phase_) {
        case Phase::rest:
            return skip_rest(bytes);
        case Phase::record:
            return read_part_of_record(bytes, listener);
        default:
            break;
    }
    const auto padding = aligned(position_) - position_;
    if (padding > 0) {
        const auto taken = std::min<std::size_t>(padding, bytes.size());
        position_ += taken;
        return taken;
    }
    if (const std::size_t taken = read_whole_records(bytes, listener); taken > 0 || stop_)
        return taken;
    begin_record();
    return read_part_of_record(bytes, listener);
}

std::size_t WalReader::Machine::skip_rest(ByteView bytes) {
    const auto taken = std::min<std::size_t>(left_, bytes.size());
    left_ -= taken;
    position_ += taken;
    if (left_ == 0) {
        phase_ = Phase::between;
        end_ = {aligned(position_)};
    }
    return taken;
}

/// As long as the next record is whole in these bytes. Padding behind a record is taken with it as
/// far as it is there.
std::size_t WalReader::Machine::read_whole_records(ByteView bytes, WalListener& listener) {
    std::size_t at = 0;
    while (phase_ == Phase::between && bytes.size() - at >= record_header_bytes) {
        const ByteView rest = bytes.subspan(at);
        const auto length = load<std::uint32_t>(rest);
        record_ = {position_};
        if (!is_length(length) || length > rest.size()) break;
        const ByteView header = rest.first(record_header_bytes);
        if (!is_header(header)) break;
        const ByteView body = rest.subspan(record_header_bytes, length - record_header_bytes);
        begin_body(header);
        if (body_has_facts_) body_.feed(body);
        position_ += length;
        end_record(header, crc32c(body), listener);
        if (stop_) break;
        const auto taken = std::min<std::size_t>(rest.size(), aligned(length));
        position_ += taken - length;
        at += taken;
    }
    return at;
}

void WalReader::Machine::begin_record() {
    phase_ = Phase::record;
    record_ = {position_};
    header_bytes_ = 0;
    left_ = 0;
    body_sum_ = {};
    body_has_facts_ = false;
}

std::size_t WalReader::Machine::read_part_of_record(ByteView bytes, WalListener& listener) {
    std::size_t taken = 0;
    if (header_bytes_ < record_header_bytes) {
        taken = take_header(bytes);
        if (stop_ || header_bytes_ < record_header_bytes) return taken;
    }
    const ByteView body = bytes.subspan(taken, std::min<std::size_t>(left_, bytes.size() - taken));
    body_sum_.add(body);
    if (body_has_facts_) body_.feed(body);
    left_ -= body.size();
    position_ += body.size();
    if (left_ == 0) end_record(header_, body_sum_.value(), listener);
    return taken + body.size();
}

std::size_t WalReader::Machine::take_header(ByteView bytes) {
    const auto taken = std::min(record_header_bytes - header_bytes_, bytes.size());
    std::copy_n(bytes.begin(), taken, header_.begin() + static_cast<std::ptrdiff_t>(header_bytes_));
    header_bytes_ += taken;
    position_ += taken;
    if (header_bytes_ < record_length_bytes) return taken;
    const auto length = load<std::uint32_t>(header_);
    if (!is_length(length)) return taken;
    left_ = length - header_bytes_;
    if (header_bytes_ == record_header_bytes && is_header(header_)) begin_body(header_);
    return taken;
}

void WalReader::Machine::begin_body(ByteView header) {
    const WalRecord record = record_of(header);
    body_has_facts_ = WalBody::has_facts(record.resource_manager, record.info);
    if (body_has_facts_) body_.begin(stream_.major_version, record);
}

bool WalReader::Machine::is_length(std::uint32_t bytes) {
    if (bytes >= record_header_bytes && bytes <= record_bytes_max) return true;
    if (bytes == 0) {
        stop(Reason::zeros, record_, "record", "nothing was written here");
    } else {
        stop(Reason::length, record_, "record", fmt::format("no record has {} bytes", bytes));
    }
    return false;
}

bool WalReader::Machine::is_header(ByteView header) {
    const WalRecord record = record_of(header);
    const bool of_extension = record.resource_manager >= rmgr_first_of_extensions &&
                              stream_.major_version >= extensions_since;
    if (record.resource_manager > rmgr_last && !of_extension) {
        stop(Reason::resource_manager, record_, "record",
             fmt::format("resource manager {} is not known", record.resource_manager));
        return false;
    }
    if (last_record_.valid() ? record.previous != last_record_ : record.previous >= record_) {
        stop(Reason::previous, record_, "record",
             fmt::format("it follows one at {}, not {}", to_text(record.previous),
                         last_record_.valid() ? to_text(last_record_) : "one before it"));
        return false;
    }
    return true;
}

/// Its end is where it was read up to: right when all of it was.
WalRecord WalReader::Machine::record_of(ByteView header) const {
    return {record_,
            {aligned(position_)},
            {load<std::uint64_t>(header, 8)},
            load<std::uint32_t>(header),
            load<std::uint32_t>(header, 4),
            std::to_integer<std::uint8_t>(header[17]),
            std::to_integer<std::uint8_t>(header[16])};
}

void WalReader::Machine::end_record(ByteView header, std::uint32_t body_sum,
                                    WalListener& listener) {
    phase_ = Phase::between;
    if (sum_of(body_sum, header) != load<std::uint32_t>(header, 20))
        return stop(Reason::checksum, record_, "record", "its checksum is wrong");
    WalRecord record = record_of(header);
    std::optional<WalFact> fact;
    if (is_segment_switch(record.resource_manager, record.info)) {
        fact = SegmentSwitch{};
        pass_over_segment(record);
    } else if (body_has_facts_) {
        fact = body_.finish();
        if (!fact) return stop(Reason::content, record_, "record", "its content makes no sense");
    }
    if (!replaces_what_broke_off(fact)) return;
    last_record_ = record_;
    end_ = record.end;
    listener.on_record(record, fact ? &*fact : nullptr);
}

void WalReader::Machine::pass_over_segment(WalRecord& record) {
    const SegmentSize size = stream_.segment_size;
    if (size.offset_of(record.end) == 0) return;
    record.end = size.start_of({size.segment_of(record.end).value + 1});
    phase_ = Phase::filler;
}

/// After a crash in the midst of a record, the server names in its first record the one that it
/// gave up (src/backend/access/transam/xlog.c, CreateOverwriteContrecordRecord).
bool WalReader::Machine::replaces_what_broke_off(const std::optional<WalFact>& fact) {
    const Lsn broken = std::exchange(overwritten_, Lsn{});
    const auto* named = fact ? std::get_if<OverwrittenRecord>(&*fact) : nullptr;
    if (!broken.valid() || (named && named->lsn == broken)) return true;
    stop(Reason::content, record_, "record",
         fmt::format("it does not replace the one at {} that was broken off", to_text(broken)));
    return false;
}

}  // namespace yore::postgresql
