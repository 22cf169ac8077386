// SPDX-License-Identifier: Apache-2.0
//
// What WalReader knows in the midst of the log, as bytes: version (u8), then the fields of Machine
// in the order below, little-endian; with an open record, also its header and its body's sum; with
// facts in that, also what WalBody has of them. Everything is checked when it is read back: a state
// comes from disk.
#include <yore/base/error.h>

#include <algorithm>

#include "postgresql/wal_bytes.h"
#include "postgresql/wal_machine.h"

namespace yore::postgresql {
namespace {

constexpr std::uint8_t state_version = 1;

void require(bool condition) {
    if (!condition) throw Error(Errc::corrupt, "its fields contradict each other");
}

bool get_flag(format::Decoder& in) {
    const auto value = in.get<std::uint8_t>();
    require(value <= 1);
    return value == 1;
}

/// Into a buffer; how many bytes of it were written.
template <std::size_t Size>
std::size_t get_start_of(std::array<std::byte, Size>& buffer, format::Decoder& in) {
    const ByteView bytes = in.sized<std::uint8_t>(Size);
    std::ranges::copy(bytes, buffer.begin());
    return bytes.size();
}

}  // namespace

Bytes WalReader::Machine::state() const {
    YORE_ENSURE(!stop_);
    format::Encoder out(256);
    out.put(state_version).put(static_cast<std::uint8_t>(phase_)).put(position_).put(end_.value);
    out.put(std::uint8_t{at_start_}).put(page_timeline_.value);
    out.put(last_record_.value).put(overwritten_.value).put(left_);
    out.sized<std::uint8_t>(ByteView(page_).first(page_bytes_));
    if (phase_ != Phase::record) return out.take();
    out.put(record_.value).put(body_sum_.value()).put(std::uint8_t{body_has_facts_});
    out.sized<std::uint8_t>(ByteView(header_).first(header_bytes_));
    if (body_has_facts_) body_.save(out);
    return out.take();
}

WalReader::Machine::Machine(const WalStream& stream, ByteView state) : stream_(stream) {
    check_stream();
    doing([] { return "state of the reader of WAL"; },
          [&] {
              format::Decoder in(state);
              resume(in);
              in.expect_end();
          });
}

void WalReader::Machine::resume(format::Decoder& in) {
    if (in.get<std::uint8_t>() != state_version)
        throw Error(Errc::unsupported, "it was written by a newer version");
    phase_ = format::decode_enum(in, Phase::between, Phase::filler, "phase");
    position_ = in.get<std::uint64_t>();
    end_ = {in.get<std::uint64_t>()};
    at_start_ = get_flag(in);
    page_timeline_ = {in.get<std::uint32_t>()};
    last_record_ = {in.get<std::uint64_t>()};
    overwritten_ = {in.get<std::uint64_t>()};
    left_ = in.get<std::uint64_t>();
    page_bytes_ = get_start_of(page_, in);
    require(left_ <= record_bytes_max && (phase_ != Phase::rest || left_ > 0));
    require(page_bytes_ == 0 || (page_bytes_ == page_offset() && phase_ != Phase::filler));
    require(page_bytes_ < short_page_header_bytes || page_bytes_ < load_page_header(page_).bytes());
    if (phase_ == Phase::record) resume_record(in);
}

void WalReader::Machine::resume_record(format::Decoder& in) {
    record_ = {in.get<std::uint64_t>()};
    body_sum_ = Crc32c::after(in.get<std::uint32_t>());
    body_has_facts_ = get_flag(in);
    header_bytes_ = get_start_of(header_, in);
    const bool has_header = header_bytes_ == record_header_bytes;
    require(record_ < position() && header_bytes_ > 0 && (has_header || !body_has_facts_));
    if (header_bytes_ >= sizeof(std::uint32_t)) {
        const auto length = load<std::uint32_t>(header_);
        require(length >= record_header_bytes && length <= record_bytes_max);
        const std::uint64_t left = length - header_bytes_;
        require(has_header ? left_ > 0 && left_ <= left : left_ == left);
    }
    if (!has_header) return;
    const WalRecord record = record_of(header_);
    require(body_has_facts_ == WalBody::has_facts(record.resource_manager, record.info));
    if (body_has_facts_) body_.resume(in, stream_.major_version, record);
}

void WalBody::save(format::Encoder& out) const {
    out.put(static_cast<std::uint8_t>(part_)).put(skip_bytes_).put(data_bytes_left_);
    out.sized<std::uint32_t>(field_);
    if (resource_manager_ != rmgr_transaction) return;
    const auto time = transaction_.time.value_or(Timestamp{});
    out.put(flags_).put(std::uint8_t{transaction_.time.has_value()});
    out.put(static_cast<std::uint64_t>(time.ns)).put(transaction_.xid);
    out.put(transaction_.subtransaction_count).put(transaction_.dropped_relation_count);
}

void WalBody::resume(format::Decoder& in, int major_version, const WalRecord& record) {
    begin(major_version, record);
    part_ = format::decode_enum(in, Part::id, Part::odd, "part");
    skip_bytes_ = in.get<std::uint64_t>();
    data_bytes_left_ = in.get<std::uint64_t>();
    require(part_ != Part::whole || (data_bytes_left_ > 0 && data_bytes_left_ <= whole_bytes_max));
    field_ = to_bytes(in.sized<std::uint32_t>(whole_bytes_max));
    require(part_ >= Part::done || field_.size() < wanted_bytes());
    const bool is_transaction = resource_manager_ == rmgr_transaction;
    require(part_ < Part::whole || part_ >= Part::done || is_transaction == (part_ > Part::whole));
    if (!is_transaction) return;
    flags_ = in.get<std::uint32_t>();
    const bool timed = get_flag(in);
    const Timestamp time{static_cast<std::int64_t>(in.get<std::uint64_t>())};
    if (timed) transaction_.time = time;
    transaction_.xid = in.get<std::uint32_t>();
    transaction_.subtransaction_count = in.get<std::uint32_t>();
    transaction_.dropped_relation_count = in.get<std::uint32_t>();
}

}  // namespace yore::postgresql
