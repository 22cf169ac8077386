// SPDX-License-Identifier: Apache-2.0
/// The inside of WalReader: where it is in page and record.
#pragma once

#include <yore/base/crc32c.h>
#include <yore/postgresql/wal_reader.h>

#include <array>

#include "postgresql/wal_body.h"
#include "postgresql/wal_page.h"

namespace yore::postgresql {

class WalReader::Machine {
  public:
    Machine(const WalStream&, Lsn start);
    Machine(const WalStream&, ByteView state);

    void feed(ByteView, WalListener&);
    Lsn position() const { return {position_}; }
    Lsn end() const { return end_; }
    const std::optional<WalStop>& stop() const { return stop_; }
    Bytes state() const;

  private:
    enum class Phase : std::uint8_t {
        between,  ///< records: bytes that align, or the next record
        record,   ///< in a record whose beginning was read
        rest,     ///< in one whose beginning was not
        filler,   ///< behind a segment switch
    };

    void check_stream() const;
    std::uint64_t page_offset() const { return position_ % stream_.block_bytes; }
    void stop(WalStop::Reason, Lsn at, std::string_view what, std::string_view text);

    // Each takes what it can of the bytes and returns how many these were.
    std::size_t skip_filler(ByteView);
    std::size_t read_page_header(ByteView);
    std::size_t read_in_page(ByteView, WalListener&);
    std::size_t read_whole_records(ByteView, WalListener&);
    std::size_t read_part_of_record(ByteView, WalListener&);
    std::size_t skip_rest(ByteView);

    std::size_t take_header(ByteView);

    void enter_page(const PageHeader&, Lsn page);
    void begin_record();
    void begin_body(ByteView header);
    void end_record(ByteView header, std::uint32_t body_sum, WalListener&);
    void pass_over_segment(WalRecord&);
    WalRecord record_of(ByteView header) const;

    // Where it is not, they stop.
    bool is_length(std::uint32_t bytes);
    bool is_header(ByteView header);
    bool replaces_what_broke_off(const std::optional<WalFact>&);

    void resume(format::Decoder&);
    void resume_record(format::Decoder&);

    WalStream stream_;
    std::uint64_t position_;  ///< of the next byte
    Lsn end_;                 ///< behind the last whole record
    std::optional<WalStop> stop_;
    Phase phase_ = Phase::between;

    bool at_start_ = true;    ///< no page header was read: the first may go on with any record
    Timeline page_timeline_;  ///< of the last page; 0: none yet
    Lsn last_record_;         ///< 0: not known
    Lsn overwritten_;         ///< the record that the page's flag has just ended; 0: none

    std::array<std::byte, long_page_header_bytes> page_{};  ///< a header that came in pieces
    std::size_t page_bytes_ = 0;

    // The open record: its start, its header, and how much is to come. `left_` is known with the
    // first four bytes, which are never split between pages, as records are aligned. The header and
    // the sum of the body are used only when the record comes in pieces.
    Lsn record_;
    std::array<std::byte, record_header_bytes> header_{};
    std::size_t header_bytes_ = 0;
    std::uint64_t left_ = 0;
    Crc32c body_sum_;
    WalBody body_;
    bool body_has_facts_ = false;
};

}  // namespace yore::postgresql
