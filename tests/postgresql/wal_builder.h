// SPDX-License-Identifier: Apache-2.0
/// Makes a write-ahead log by hand, and hears what a reader says of it.
#pragma once

#include <yore/base/bytes.h>
#include <yore/format/wire.h>
#include <yore/postgresql/wal_header.h>
#include <yore/postgresql/wal_reader.h>

#include <utility>
#include <vector>

namespace yore::postgresql::test {

inline constexpr std::uint8_t rmgr_heap = 10, rmgr_xact = 1;

/// Small sizes, so that a test meets many pages.
inline WalStream small_stream(int major_version = 15) {
    return {major_version, 0x6A1B'2C3D'4E5F'6071, *SegmentSize::of(1u << 20), 8192, {1}, {}};
}

/// A body whose data this is, behind the header that fits it.
Bytes body_of(ByteView data);
/// Of any bytes: what no reader looks into.
Bytes heap_body(std::size_t bytes);

struct Lists {
    std::uint32_t subtransactions = 0, relations = 0, statistics = 0, invalidations = 0;
};
/// The data of a transaction's end: all lists, or with `prepared_xid` 0 and no list, the time
/// alone.
Bytes transaction_data(std::uint64_t time_us, Lists = {}, std::uint32_t prepared_xid = 0,
                       std::uint32_t statistics_item_bytes = 12);

/// Writes records one behind the other, with the headers of pages where these begin.
class WalBuilder {
  public:
    WalBuilder(WalStream, Lsn start);

    /// Returns where the record begins.
    Lsn add(std::uint8_t resource_manager, std::uint8_t info, std::uint32_t xid, ByteView body);
    Lsn commit(std::uint32_t xid, std::uint64_t time_us);
    Lsn heap(std::size_t body_bytes);
    /// The rest of the segment is zeros.
    Lsn switch_segment();
    /// Only the part of it that fits the page; the next one begins as after a crash.
    Lsn break_off(std::size_t body_bytes);
    void zeros(std::size_t bytes);
    void next_page();
    void align();
    /// Pages from here on are of this timeline.
    void set_timeline(Timeline timeline) { timeline_ = timeline; }
    void set_previous(Lsn lsn) { previous_ = lsn; }

    Lsn position() const { return {start_.value + bytes_.size()}; }
    Lsn start() const { return start_; }
    ByteView bytes() const { return bytes_; }
    /// From here to the end.
    ByteView bytes_from(Lsn lsn) const { return bytes().subspan(lsn.value - start_.value); }
    /// The byte of the log at this place, to damage it.
    std::byte& at(Lsn lsn) { return bytes_[lsn.value - start_.value]; }
    std::byte& at(std::uint64_t lsn) { return at(Lsn{lsn}); }
    const WalStream& stream() const { return stream_; }

  private:
    std::size_t room() const;
    void page_header(std::uint16_t flags, std::uint32_t bytes_left);
    Lsn begin();
    void put(ByteView record);

    WalStream stream_;
    Lsn start_;
    Timeline timeline_;
    Lsn previous_;
    Bytes bytes_;
};

/// Remembers everything.
struct Heard final : WalListener {
    struct Record {
        WalRecord record;
        std::optional<WalFact> fact;
        bool operator==(const Record&) const = default;
    };
    std::vector<Record> records;

    void on_record(const WalRecord& record, const WalFact* fact) override {
        records.push_back({record, fact ? std::optional(*fact) : std::nullopt});
    }
};

/// Reads all at once from its beginning.
struct Reading {
    explicit Reading(const WalBuilder& wal) : Reading(wal, wal.stream()) {}
    Reading(const WalBuilder& wal, const WalStream& stream) : reader(stream, wal.start()) {
        reader.feed(wal.bytes(), heard);
    }
    std::optional<WalStop::Reason> reason() const {
        return reader.stop() ? std::optional(reader.stop()->reason) : std::nullopt;
    }
    std::size_t count() const { return heard.records.size(); }
    const WalRecord& record(std::size_t place) const { return heard.records.at(place).record; }
    template <typename Fact>
    const Fact& fact(std::size_t place) const {
        return std::get<Fact>(heard.records.at(place).fact.value());
    }

    Heard heard;
    WalReader reader;
};

}  // namespace yore::postgresql::test
