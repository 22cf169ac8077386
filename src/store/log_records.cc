// SPDX-License-Identifier: Apache-2.0
//
// Taking out and putting back walk over the records in the same way: by the headers of pages and
// the lengths of records, which both leave alone. So the number of records is all that has to be
// kept. Where the walk would meet something else than it expects (a torn record, the zeros behind
// a switch, the remains of another course of events) the taking out has ended before.
#include "store/log_records.h"

#include <yore/base/crc32c.h>
#include <yore/format/wire.h>

#include <algorithm>
#include <array>

#include <xxhash.h>

namespace yore::store {
namespace {

constexpr std::size_t page_bytes = 8192;
constexpr std::size_t short_page_header_bytes = 24, long_page_header_bytes = 40;
constexpr std::size_t alignment = 8;
constexpr std::size_t record_header_bytes = 24;
/// Of a record's header: where the record before begins, and the sum over its body and its header.
constexpr std::size_t previous_at = 8, sum_at = 20;
constexpr std::size_t head_bytes = 8;  // check and count

template <typename Int>
Int load(ByteView bytes, std::size_t at) {
    return format::Decoder(bytes.subspan(at)).get<Int>();
}

template <typename Int>
void store_at(MutableBytes bytes, std::size_t at, Int value) {
    for (std::size_t i = 0; i < sizeof value; ++i)
        bytes[at + i] = static_cast<std::byte>(value >> (8 * i));
}

/// One record after the other, from the first one that begins in the part.
class Records {
  public:
    struct Record {
        std::array<std::byte, record_header_bytes> header;
        std::uint64_t position;  ///< in the log

        std::uint64_t previous() const { return load<std::uint64_t>(header, previous_at); }
        std::uint32_t stored_sum() const { return load<std::uint32_t>(header, sum_at); }
        void set_previous(std::uint64_t value) {
            store_at(MutableBytes(header), previous_at, value);
        }
        void set_sum(std::uint32_t value) { store_at(MutableBytes(header), sum_at, value); }
    };

    explicit Records(MutableBytes log) : log_(log) {
        constexpr std::uint16_t continues_record = 1;
        if (!has_page_header(0)) return;
        const bool continues = (load<std::uint16_t>(log_, 2) & continues_record) != 0;
        next_ = behind(0, continues ? load<std::uint32_t>(log_, 16) : 0);
    }

    /// Finds the next record; false: none ends in this part. Its `header` is as it stands there.
    bool find(Record& record) {
        at_ = next_ ? begin_of_record(*next_) : std::nullopt;
        if (!at_ || log_.size() - *at_ < sizeof(std::uint32_t)) return false;
        const auto bytes = load<std::uint32_t>(log_, *at_);
        if (bytes < record_header_bytes) return false;
        std::size_t filled = 0;
        const auto body = visit(*at_, record_header_bytes, [&](MutableBytes part) {
            std::ranges::copy(part, record.header.begin() + static_cast<std::ptrdiff_t>(filled));
            filled += part.size();
        });
        if (!body) return false;
        body_ = *body;
        body_bytes_ = bytes - record_header_bytes;
        next_ = behind(body_, body_bytes_);
        const std::size_t page = *at_ / page_bytes * page_bytes;
        record.position = load<std::uint64_t>(log_, page + 8) + (*at_ - page);
        return next_.has_value();
    }

    /// What the checksum of the record found last has to be, by its body and this header.
    std::uint32_t sum_of(const Record& record) {
        Crc32c sum;
        visit(body_, body_bytes_, [&](MutableBytes part) { sum.add(part); });
        sum.add(ByteView(record.header).first(sum_at));
        return sum.value();
    }

    /// Puts the header of the record found last in its place.
    void write(const Record& record) {
        std::size_t written = 0;
        visit(*at_, record_header_bytes, [&](MutableBytes part) {
            std::ranges::copy(ByteView(record.header).subspan(written, part.size()), part.begin());
            written += part.size();
        });
    }

  private:
    bool has_page_header(std::size_t page) const {
        return log_.size() - page >= long_page_header_bytes && log_[page + 1] == std::byte{0xd1};
    }
    std::size_t behind_page_header(std::size_t page) const {
        constexpr std::uint16_t is_long = 2;
        const bool long_one = (load<std::uint16_t>(log_, page + 2) & is_long) != 0;
        return page + (long_one ? long_page_header_bytes : short_page_header_bytes);
    }

    /// Gives the parts of so many bytes of records from `at` on, without the headers of pages, and
    /// returns where they end. Nullopt: not in this part.
    template <typename Visit>
    std::optional<std::size_t> visit(std::size_t at, std::size_t bytes, const Visit& give) {
        while (bytes > 0) {
            if (at % page_bytes == 0) {
                if (at >= log_.size() || !has_page_header(at)) return std::nullopt;
                at = behind_page_header(at);
            }
            const std::size_t room =
                std::min(log_.size(), at / page_bytes * page_bytes + page_bytes) - at;
            const std::size_t part = std::min(room, bytes);
            give(log_.subspan(at, part));
            at += part;
            bytes -= part;
            if (bytes > 0 && at == log_.size()) return std::nullopt;
        }
        return at;
    }
    std::optional<std::size_t> behind(std::size_t at, std::size_t bytes) {
        return visit(at, bytes, [](MutableBytes) {});
    }

    /// Records are aligned; at the begin of a page its header comes first.
    std::optional<std::size_t> begin_of_record(std::size_t at) const {
        at = (at + alignment - 1) / alignment * alignment;
        if (at >= log_.size()) return std::nullopt;
        if (at % page_bytes != 0) return at;
        if (!has_page_header(at)) return std::nullopt;
        return behind_page_header(at);
    }

    MutableBytes log_;
    std::optional<std::size_t> at_;    ///< where the record found last begins
    std::optional<std::size_t> next_;  ///< where it ends
    std::size_t body_ = 0, body_bytes_ = 0;
};

std::uint32_t check_of(ByteView plain) {
    return static_cast<std::uint32_t>(XXH3_64bits(plain.data(), plain.size()));
}

}  // namespace

std::uint32_t take_out_of_records(MutableBytes log) {
    std::uint32_t count = 0;
    std::optional<std::uint64_t> before;
    Records records(log);
    for (Records::Record record; records.find(record); ++count) {
        if (record.stored_sum() != records.sum_of(record)) break;
        if (before && record.previous() != *before) break;
        if (before) record.set_previous(0);
        record.set_sum(0);
        records.write(record);
        before = record.position;
    }
    return count;
}

bool put_into_records(MutableBytes log, std::uint32_t count) {
    std::optional<std::uint64_t> before;
    Records records(log);
    for (Records::Record record; count > 0; --count) {
        if (!records.find(record)) return false;
        if (before) record.set_previous(*before);
        record.set_sum(records.sum_of(record));
        records.write(record);
        before = record.position;
    }
    return true;
}

std::optional<std::size_t> pack_log(const Compressor& compressor, ByteView plain, Effort effort,
                                    MutableBytes out) {
    if (out.size() < head_bytes) return std::nullopt;
    Buffer less = Buffer::copy_of(plain);
    const std::uint32_t count = take_out_of_records(less.span());
    if (count == 0) return std::nullopt;
    const auto frame = compressor.compress(less.view(), effort, out.subspan(head_bytes));
    if (!frame || !put_into_records(less.span(), count) || !equal(less.view(), plain))
        return std::nullopt;
    store_at(out, 0, check_of(plain));
    store_at(out, 4, count);
    return head_bytes + *frame;
}

bool unpack_log(const Compressor& compressor, ByteView packed, MutableBytes plain) {
    if (packed.size() < head_bytes) return false;
    return compressor.decompress(packed.subspan(head_bytes), {}, plain) &&
           put_into_records(plain, load<std::uint32_t>(packed, 4)) &&
           load<std::uint32_t>(packed, 0) == check_of(plain);
}

}  // namespace yore::store
