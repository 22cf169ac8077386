// SPDX-License-Identifier: Apache-2.0
#include "wal_builder.h"

#include <yore/base/crc32c.h>

#include <algorithm>

namespace yore::postgresql::test {
namespace {

constexpr std::uint16_t continues = 1, is_long = 2, overwrites = 8;

Bytes record_of(std::uint8_t resource_manager, std::uint8_t info, std::uint32_t xid, Lsn previous,
                ByteView body) {
    format::Encoder header;
    header.put(static_cast<std::uint32_t>(24 + body.size())).put(xid).put(previous.value);
    header.put(info).put(resource_manager).put(std::uint16_t{0});
    Crc32c sum;
    sum.add(body);
    sum.add(header.view());
    header.put(sum.value()).bytes(body);
    return header.take();
}

}  // namespace

Bytes body_of(ByteView data) {
    format::Encoder body;
    if (data.size() < 256) return body.put(std::uint8_t{255}).sized<std::uint8_t>(data).take();
    return body.put(std::uint8_t{254}).sized<std::uint32_t>(data).take();
}

Bytes heap_body(std::size_t bytes) {
    Bytes body(bytes);
    for (std::size_t i = 0; i < bytes; ++i) body[i] = static_cast<std::byte>(i * 7 + bytes);
    return body;
}

Bytes transaction_data(std::uint64_t time_us, Lists lists, std::uint32_t prepared_xid,
                       std::uint32_t statistics_item_bytes) {
    struct List {
        std::uint32_t flag, count, item_bytes;
    };
    const List all[] = {{1u << 1, lists.subtransactions, 4},
                        {1u << 2, lists.relations, 12},
                        {1u << 8, lists.statistics, statistics_item_bytes},
                        {1u << 3, lists.invalidations, 16}};
    std::uint32_t flags = prepared_xid != 0 ? 1u << 4 : 0;
    for (const List& list : all) flags |= list.count > 0 ? list.flag : 0;
    format::Encoder data;
    data.put(time_us);
    if (flags == 0) return data.take();
    data.put(flags | 1).put(std::uint64_t{0x1122'3344'5566'7788});  // a database
    for (const List& list : all) {
        if (list.count > 0) data.put(list.count).bytes(heap_body(list.count * list.item_bytes));
    }
    if (prepared_xid != 0) data.put(prepared_xid);
    return data.take();
}

WalBuilder::WalBuilder(WalStream stream, Lsn start)
    : stream_(stream), start_(start), timeline_(stream.timeline), previous_{start.value - 40} {}

std::size_t WalBuilder::room() const {
    return stream_.block_bytes - position().value % stream_.block_bytes;
}

void WalBuilder::page_header(std::uint16_t flags, std::uint32_t bytes_left) {
    const bool first = stream_.segment_size.offset_of(position()) == 0;
    format::Encoder header;
    header.put(page_magic_of(stream_.major_version).value());
    header.put(static_cast<std::uint16_t>(flags | (first ? is_long : 0)));
    header.put(timeline_.value).put(position().value).put(bytes_left).put(std::uint32_t{0});
    if (first) {
        header.put(stream_.system_identifier).put(stream_.segment_size.bytes());
        header.put(stream_.block_bytes);
    }
    bytes_.insert(bytes_.end(), header.view().begin(), header.view().end());
}

Lsn WalBuilder::begin() {
    align();
    if (room() == stream_.block_bytes) page_header(0, 0);
    return position();
}

void WalBuilder::put(ByteView record) {
    while (!record.empty()) {
        if (room() == stream_.block_bytes)
            page_header(continues, static_cast<std::uint32_t>(record.size()));
        const auto part = record.first(std::min(room(), record.size()));
        bytes_.insert(bytes_.end(), part.begin(), part.end());
        record = record.subspan(part.size());
    }
}

Lsn WalBuilder::add(std::uint8_t resource_manager, std::uint8_t info, std::uint32_t xid,
                    ByteView body) {
    const Lsn lsn = begin();
    put(record_of(resource_manager, info, xid, previous_, body));
    previous_ = lsn;
    return lsn;
}

Lsn WalBuilder::commit(std::uint32_t xid, std::uint64_t time_us) {
    return add(rmgr_xact, 0, xid, body_of(transaction_data(time_us)));
}

Lsn WalBuilder::heap(std::size_t body_bytes) {
    return add(rmgr_heap, 0, 700, heap_body(body_bytes));
}

Lsn WalBuilder::switch_segment() {
    const Lsn lsn = add(0, 0x40, 0, {});
    const auto size = stream_.segment_size;
    if (size.offset_of(position()) != 0) zeros(size.bytes() - size.offset_of(position()));
    return lsn;
}

Lsn WalBuilder::break_off(std::size_t body_bytes) {
    const Lsn lsn = begin();
    const Bytes record = record_of(rmgr_heap, 0, 700, previous_, heap_body(body_bytes));
    put(ByteView(record).first(std::min(room(), record.size())));
    page_header(overwrites, 0);
    return lsn;
}

void WalBuilder::zeros(std::size_t bytes) {
    bytes_.resize(bytes_.size() + bytes);
}
void WalBuilder::next_page() {
    if (room() != stream_.block_bytes) zeros(room());
}
void WalBuilder::align() {
    zeros((8 - position().value % 8) % 8);
}

}  // namespace yore::postgresql::test
