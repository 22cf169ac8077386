// SPDX-License-Identifier: Apache-2.0
/// The seam below the store: packs, the commit log, log tails, and the tables made from the first
/// two.
///
/// A backend moves sealed bytes and knows nothing of keys, hashes or compression. Two
/// implementations: RocksDB on a local disk, and memory for tests. An object store comes later;
/// its packs and commits are objects, its tables a local replica. One conformance suite runs on
/// all.
#pragma once

#include <yore/base/bytes.h>
#include <yore/format/ids.h>
#include <yore/store/tail.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace yore::store {

/// One pack in the making. Dropped without `finish`: as if it had never been. One thread at a time;
/// goes before its backend. A full disk: `no_space`, and the sink is of no more use.
class PackSink {
  public:
    virtual ~PackSink() = default;
    /// Items get the locations (pack number, 0), (pack number, 1) … in the order of the calls; at
    /// most `Location::items_max` - 1.
    virtual void append(ByteView sealed) = 0;
    /// Writes the sealed index of the pack behind the items. What was written is on the disk when
    /// it returns, but neither readable nor kept by the next open before a commit names the pack.
    virtual void finish(ByteView sealed_index) = 0;
    virtual std::uint64_t bytes() const = 0;  ///< of the items so far
};

/// Local tables, made from the commit log and the packs' indexes; can be rebuilt from them.
enum class Table : std::uint8_t {
    index,    ///< object id -> kind, location, lengths, base
    catalog,  ///< record key -> sealed record
    packs,    ///< pack number -> pack id, domain, counts, state
};
struct TableChange {
    Table table;
    Bytes key;
    std::optional<Bytes> value;  ///< nullopt removes the key
};

/// A pack too small for a file of its own: its items travel in the commit itself.
struct InlinePack {
    std::uint64_t number = 0;
    Domain domain = Domain::chunk;
    std::vector<Bytes> items;
    Bytes sealed_index;
};

/// No two packs have one number, not even in different domains. `changes` puts a row into
/// `Table::packs` for each pack of the batch: the key is the number, eight bytes big-endian. An
/// open removes pack files that have no row.
struct CommitBatch {
    CommitNumber number;
    Bytes sealed_entry;
    std::vector<std::uint64_t> finished_packs;  ///< numbers of finished sinks that become readable
    std::vector<InlinePack> inline_packs;
    std::vector<TableChange> changes;
    std::vector<TailDrop> tail_drops = {};
};

/// Reads are safe from any thread, at any time. After a write or sync that failed, writes throw
/// `read_only` until it is opened again, and reading goes on.
class Backend {
  public:
    virtual ~Backend() = default;

    // Packs.
    virtual std::unique_ptr<PackSink> create_pack(Domain, std::uint64_t pack_number) = 0;
    /// Absent: false. Damaged: `corrupt`. Memory of `into` is used again where it suffices.
    virtual bool read(Domain, Location, Buffer& into) const = 0;
    virtual std::optional<Bytes> read_pack_index(Domain, std::uint64_t pack_number) const = 0;
    /// Gives the space of a pack back, also of one that is finished and not committed. Idempotent.
    /// The caller has made sure that no reader's epoch sees it. A committed pack keeps its row
    /// until it is dropped, so that a drop that a crash cut short is done again.
    virtual void drop_pack(Domain, std::uint64_t pack_number) = 0;

    // The commit log.
    enum class Append { done, number_taken };
    /// Durable and acknowledged when it returns; all of it or nothing is there after a crash.
    /// `number_taken` when it is not above `last_commit()`. `no_space`: nothing was begun, and it
    /// may be tried again. One thread at a time gets through.
    virtual Append append(const CommitBatch&) = 0;
    virtual std::optional<Bytes> read_commit(CommitNumber) const = 0;
    /// 0 when there is none.
    virtual CommitNumber last_commit() const = 0;

    // Tables.
    virtual std::optional<Bytes> get(Table, ByteView key) const = 0;
    /// In key order from `first` (inclusive) while keys start with `prefix`; `visit` returns false
    /// to stop.
    virtual void scan(Table, ByteView prefix, ByteView first,
                      const std::function<bool(ByteView key, ByteView value)>& visit) const = 0;

    // Log tails: always local. Pieces go only with a commit.
    /// Durable when it returns, otherwise as `append` of a commit; a piece that is there already is
    /// replaced. Any thread; several at once share a sync. Positions are below
    /// `TailDrop::everything`.
    virtual void append_tail(const TailKey&, ByteView sealed) = 0;
    /// In the order of keys from `first` (inclusive), through all tails; `visit` returns false to
    /// stop.
    using TailVisitor = std::function<bool(const TailKey&, ByteView sealed)>;
    virtual void scan_tails(const TailKey& first, const TailVisitor& visit) const = 0;
    /// The last piece of a tail that begins below a position.
    struct StoredPiece {
        std::uint64_t position = 0;
        Bytes sealed;
    };
    virtual std::optional<StoredPiece> last_piece(TailId, std::uint64_t below) const = 0;
    /// The last piece that was acknowledged, when an open found that it and perhaps others before
    /// it are gone. Told by each open until a piece of any tail is appended.
    virtual std::optional<TailKey> lost_piece() const = 0;

    /// Bytes that the whole backend occupies, for `stats`.
    virtual std::uint64_t stored_bytes() const = 0;
};

std::unique_ptr<Backend> make_memory_backend();

}  // namespace yore::store
