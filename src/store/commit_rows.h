// SPDX-License-Identifier: Apache-2.0
/// What a commit does, and the changes of the tables that follow from it.
#pragma once

#include <yore/format/pack_index.h>
#include <yore/format/tables.h>
#include <yore/store/backend.h>
#include <yore/store/store.h>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "store/codec.h"
#include "store/damaged_objects.h"

namespace yore::store {

/// A pack that is durable, or small enough to travel in the commit, and waits to be named.
struct FinishedPack {
    std::uint64_t number = 0;
    std::uint64_t plain_bytes = 0, stored_bytes = 0;
    format::PackIndex index;
    /// Of an inline pack: its items, sealed, and the sealed index. A finished file has neither.
    bool is_inline = false;
    /// Copies of what condemned packs held: each counts only while its object is in such a pack.
    bool is_moved = false;
    std::vector<Bytes> inline_items;
    Bytes sealed_index;
};
/// A pack that an earlier commit named.
struct KnownPack {
    std::uint64_t number = 0;
    format::PackRow row;
};

/// What was found damaged, and where.
struct DamagedObject {
    Domain domain = Domain::chunk;
    format::ObjectId id{};
    Location location;
};

/// What one commit does besides getting a number.
struct CommitRequest {
    CommitNumber built_on;
    std::vector<FinishedPack> packs;
    std::vector<KnownPack> condemned;
    std::vector<KnownPack> dropped;
    std::vector<std::uint64_t> forgotten;  ///< dropped before, and their space is given back
    std::vector<DamagedObject> damaged;
    std::span<const RecordChange> records;
    std::span<const TailDrop> tail_drops;
    /// The store's own: what is marked as damaged, and what is stored anew. Made by the commit.
    std::vector<RecordChange> marks = {};
};

/// Absent: nullopt. Damaged: `corrupt`, and names the pack.
std::optional<format::PackRow> find_pack_row(const Backend&, std::uint64_t number);
/// Not there or damaged: `corrupt`, and names the pack.
format::PackIndex read_pack_index(const Backend&, const Codec&, const KnownPack&);

/// Used by one commit at a time: what it reads of the tables no other commit changes meanwhile.
class CommitRows {
  public:
    CommitRows(const Backend& backend, const Codec& codec, const Sealer& record_sealer,
               const DamagedObjects& damaged)
        : backend_(backend), codec_(codec), record_sealer_(record_sealer), damaged_(damaged) {}

    /// The marks that follow from what is damaged, and from the packs.
    std::vector<RecordChange> marks_of(const CommitRequest&, Timestamp now) const;

    /// Adds rows, and packs with their inline items, which it takes out of the request.
    void add(CommitRequest&, CommitBatch&) const;

  private:
    void add_pack(FinishedPack&, CommitBatch&) const;
    std::optional<format::IndexRow> find_index_row(ByteView key) const;
    bool is_in_live_pack(const format::IndexRow&) const;
    bool is_sound_delta(const format::IndexRow&) const;
    bool takes_effect(const FinishedPack&, const format::PackItem&, ByteView index_key) const;
    void condemn(const KnownPack&, CommitBatch&) const;
    void drop(const KnownPack&, CommitBatch&) const;
    void put_row(std::uint64_t pack_number, const format::PackRow&, CommitBatch&) const;
    void add_record(const RecordChange&, CommitBatch&) const;

    const Backend& backend_;
    const Codec& codec_;
    const Sealer& record_sealer_;
    const DamagedObjects& damaged_;
};

}  // namespace yore::store
