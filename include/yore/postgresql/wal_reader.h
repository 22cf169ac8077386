// SPDX-License-Identifier: Apache-2.0
/// Reads the write-ahead log as it arrives: checks every page header, link and checksum, and says
/// what the records are.
///
/// What is checked is what PostgreSQL's own reader checks
/// (src/backend/access/transam/xlogreader.c), and that pages are of the right timeline. Memory is
/// bounded: of a record only the header and the few fields that matter are kept, however long it
/// is.
///
/// Where the log is not valid any more, reading stops, and says where and why. Whether this is its
/// end or damage depends on what it was read from: PostgreSQL itself takes anything invalid for the
/// end of the log. A log that a server streams, and a segment behind which there is another one,
/// never stop. The last segment of `pg_wal`, or a `.partial` file, stops at zeros or at pages that
/// an earlier use of the file left, or (rarely) in a record that was written in part.
#pragma once

#include <yore/base/bytes.h>
#include <yore/postgresql/segment_name.h>
#include <yore/postgresql/wal_record.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace yore::postgresql {

/// What the log must be.
struct WalStream {
    int major_version = 0;
    std::uint64_t system_identifier = 0;
    SegmentSize segment_size;
    std::uint32_t block_bytes = 8192;
    Timeline timeline;  ///< that of the segments' names; their first pages may be of earlier ones
    /// Where this timeline forks off its parent: pages that begin behind it are of no other.
    /// 0: not known, or the first timeline.
    Lsn timeline_start = {};
};

/// Why the log is not valid from some place on.
struct WalStop {
    enum class Reason {
        zeros,             ///< a page, or a record's length, is zero: nothing was written here
        old_page,          ///< of an earlier segment that the file held: recycled, or misnamed
        page_header,       ///< magic number or flags make no sense
        foreign,           ///< of another cluster or version, or of other sizes
        page_address,      ///< a page from elsewhere
        timeline,          ///< a page of a timeline that cannot be there
        continuation,      ///< the page does not go on with the record that the one before began
        length,            ///< no record is that long or short
        resource_manager,  ///< no version has this one
        previous,          ///< the record does not follow the one that was read before it
        checksum,          ///< the record is damaged, or was written in part
        content,           ///< the checksum is right, but not what the record says
    };
    Reason reason = Reason::zeros;
    Lsn at;            ///< of the page or record that is wrong
    Lsn end;           ///< behind the last whole record: here the valid log ends
    std::string text;  ///< for people: `record at 0/3000060: the checksum is wrong`
    /// Nothing was written from here on. (The other reasons: something was, and is not valid.)
    bool nothing_follows() const { return reason == Reason::zeros || reason == Reason::old_page; }
};

/// Hears of each record, in order, when its last byte has come and it is known to be right.
class WalListener {
  public:
    virtual ~WalListener() = default;
    /// `fact` is null for the many records of which nothing matters but that they are whole.
    virtual void on_record(const WalRecord&, const WalFact* fact) = 0;
};

/// One thread at a time.
class WalReader {
  public:
    /// Begins at a page, or at a record. In a page that goes on with a record whose beginning was
    /// not read, the rest of that one is skipped. Another place, or a stream that cannot be (an
    /// unknown version, a block size that is none): Errc::invalid.
    WalReader(const WalStream&, Lsn start);
    /// Goes on where another reader was: `state` is its `state()`. Not one: `corrupt`; of a newer
    /// Yore: `unsupported`.
    WalReader(const WalStream&, ByteView state);
    WalReader(WalReader&&) noexcept;
    WalReader& operator=(WalReader&&) noexcept;
    ~WalReader();

    /// The bytes of the log from `position()` on. Where they are split makes no difference. What
    /// comes after a stop is ignored.
    void feed(ByteView, WalListener&);

    Lsn position() const;  ///< of the next byte to feed; after a stop: somewhere behind it
    /// Behind the last whole record; before one was read: the start. From here to `position()` lies
    /// the record that is open, or nothing.
    Lsn end() const;
    const std::optional<WalStop>& stop() const;

    /// All that is known in the midst of the log, in some 200 bytes (with the path of a new
    /// tablespace a thousand more): a reader made of it goes on as this one would, also in the
    /// middle of a record. It is for the same place of the log: keep it with `position()`. Not
    /// after a stop.
    Bytes state() const;

  private:
    class Machine;
    std::unique_ptr<Machine> machine_;
};

}  // namespace yore::postgresql
