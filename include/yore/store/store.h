// SPDX-License-Identifier: Apache-2.0
/// Content-addressed objects (chunks and nodes), written in packs and made reachable by commits.
///
/// Reading is safe from any thread. Writing goes through a Writer (writer.h).
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>
#include <yore/format/ids.h>
#include <yore/store/backend.h>
#include <yore/store/keyring.h>
#include <yore/store/writer.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace yore::store {

/// What the index says of a committed object.
struct ObjectInfo {
    Location location;
    std::uint32_t plain_bytes = 0;
    std::uint32_t stored_bytes = 0;  ///< sealed, header and tag included
    std::optional<ChunkId> base;  ///< a delta is against this chunk, which is never itself a delta
};

struct StoreOptions {
    int zstd_level = 3;
    std::uint64_t pack_bytes_target = 256u << 20;
    Duration commit_interval = seconds(10);  ///< a Writer commits full packs at least this often
    std::string writer = {};                 ///< who writes, for commit entries: `host/pid`
    bool read_only = false;
};

struct PackInfo {
    std::uint64_t number = 0;
    Domain domain = Domain::chunk;
    bool condemned = false;
    std::uint32_t items = 0;
    std::uint64_t stored_bytes = 0;
    CommitNumber reachable_since;
};

struct StoreStats {
    std::uint64_t chunks = 0, nodes = 0, packs = 0;
    std::uint64_t chunk_plain_bytes = 0, chunk_stored_bytes = 0;
    std::uint64_t node_plain_bytes = 0, node_stored_bytes = 0;
    std::uint64_t tail_pieces = 0, tail_stored_bytes = 0;
    std::uint64_t backend_bytes = 0;
};

struct StoreState;

/// While it lives, no pack is dropped that is condemned later: who builds on what is stored, and is
/// no Writer, holds one. Cheap; not for ever. Readers need none: what was moved is found again.
class EpochPin;

class Store {
  public:
    Store(std::unique_ptr<Backend>, Keys, StoreOptions, const Clock&);
    ~Store();

    /// Plain bytes, exactly as stored. Absent: `not_found`; wrong tag or shape: `corrupt`, and the
    /// message names the object. A delta reads its base through `base_of` when that is given.
    using BaseSource = std::function<std::shared_ptr<const Buffer>(const ChunkId&)>;
    Buffer get(const ChunkId&, const BaseSource& base_of = {}) const;
    Buffer get(const NodeId&) const;

    std::optional<ObjectInfo> find(const ChunkId&) const;
    std::optional<ObjectInfo> find(const NodeId&) const;

    /// The id that these bytes have or would have.
    ChunkId chunk_id(ByteView plain) const;
    NodeId node_id(ByteView plain) const;

    std::unique_ptr<Writer> write();

    /// Commits records alone, and takes pieces of tails away with them. A drop that would cut a
    /// piece in two: `invalid`.
    CommitNumber commit(std::span<const RecordChange>, std::span<const TailDrop> = {});
    CommitNumber last_commit() const;
    /// Called after each commit, from the committing thread, outside of locks. Returns a token;
    /// destroying it unsubscribes.
    std::shared_ptr<void> on_commit(std::function<void(CommitNumber)>);

    // Records of the catalog, opened.
    std::optional<Bytes> record(ByteView key) const;
    void scan_records(ByteView prefix, ByteView first,
                      const std::function<bool(ByteView key, ByteView plain)>& visit) const;
    /// The same for the keys alone: opens no record.
    void scan_record_keys(ByteView prefix, ByteView first,
                          const std::function<bool(ByteView key)>& visit) const;

    /// What the commits after `after` did to the records whose keys start with `prefix`, in order;
    /// nullopt: removed. Cost: those entries of the log.
    void scan_changes(CommitNumber after, ByteView prefix,
                      const std::function<void(ByteView key, const std::optional<Bytes>&)>&) const;

    /// By number; without those that are dropped.
    std::vector<PackInfo> packs() const;
    /// Every object of a pack, in the order of their places. A pack that is gone: none; its index
    /// is damaged: `corrupt`.
    struct Listed {
        Domain domain;
        std::array<std::byte, 32> id;
        ObjectInfo info;
    };
    void list_objects(std::uint64_t pack_number,
                      const std::function<void(const Listed&)>& visit) const;
    /// Walks the commit log and the packs' own indexes against the tables. Empty: they agree.
    std::vector<std::string> check_tables() const;

    EpochPin pin() const;

    /// A log tail, to append to. Somebody does so already: `busy`. Its last piece is damaged:
    /// `corrupt`.
    Tail open_tail(TailId);
    /// Its pieces in order, from the one that holds `from`, or else the next. Damage, and a hole
    /// between two: `corrupt`, and the message names tail and piece; those before were visited.
    void read_tail(TailId, std::uint64_t from, const PieceVisitor& visit) const;
    /// Those that have pieces.
    std::vector<TailId> tails() const;
    /// See `Backend::lost_piece`. Whoever sent it may have it still.
    std::optional<TailKey> lost_piece() const;

    StoreStats stats() const;
    const Keys& keys() const;
    /// After a failed sync: no more commits until it is opened again; reading goes on.
    bool read_only() const;

  private:
    friend class Reclaim;
    friend class DamageMarks;
    std::unique_ptr<StoreState> state_;
};

class EpochPin {
  public:
    EpochPin() = default;
    explicit EpochPin(std::shared_ptr<void> hold) : hold_(std::move(hold)) {}

  private:
    std::shared_ptr<void> hold_;
};

}  // namespace yore::store
