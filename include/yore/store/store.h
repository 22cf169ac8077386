// SPDX-License-Identifier: Apache-2.0
/// Content-addressed objects (chunks and nodes), written in packs and made reachable by commits.
///
/// Reading is safe from any thread. Writing goes through a Writer, one for each running backup;
/// several may run. What a Writer appended is reachable once a commit named its pack: it commits
/// full packs by itself every few seconds, so that an interrupted backup is reused by the next.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>
#include <yore/format/ids.h>
#include <yore/store/backend.h>
#include <yore/store/keyring.h>

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace yore::store {

inline constexpr std::size_t chunk_bytes_max = 4u << 20;
inline constexpr std::size_t node_bytes_max = 16u << 20;

/// What the index says of a committed object.
struct ObjectInfo {
    Location location;
    std::uint32_t plain_bytes = 0;
    std::uint32_t stored_bytes = 0;  ///< sealed, header and tag included
    std::optional<ChunkId> base;  ///< a delta is against this chunk, which is never itself a delta
};

/// One record changed by a commit: catalog key and plain value (the store seals it).
struct RecordChange {
    Bytes key;
    std::optional<Bytes> value;
};

struct StoreOptions {
    int zstd_level = 3;
    std::uint64_t pack_bytes_target = 256u << 20;
    Duration commit_interval = seconds(10);  ///< a Writer commits full packs at least this often
    std::string writer;                      ///< who writes, for commit entries: `host/pid`
};

struct StoreStats {
    std::uint64_t chunks = 0, nodes = 0, packs = 0;
    std::uint64_t chunk_plain_bytes = 0, chunk_stored_bytes = 0;
    std::uint64_t node_plain_bytes = 0, node_stored_bytes = 0;
    std::uint64_t backend_bytes = 0;
};

class Writer;
struct StoreState;

/// Keeps every pack that was readable when it was made readable until it goes. Cheap; not for ever.
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

    /// Commits records alone.
    CommitNumber commit(std::span<const RecordChange>);
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

    /// Every object in location order, for verify and stats. `visit` returns false to stop.
    struct Listed {
        Domain domain;
        std::array<std::byte, 32> id;
        ObjectInfo info;
    };
    void list_objects(const std::function<bool(const Listed&)>& visit) const;
    /// Walks the commit log and the packs' own indexes against the tables. Empty: they agree.
    std::vector<std::string> check_tables() const;

    EpochPin pin() const;
    StoreStats stats() const;
    const Keys& keys() const;
    /// After a failed sync: no more commits until it is opened again; reading goes on.
    bool read_only() const;

  private:
    std::unique_ptr<StoreState> state_;
};

/// A whole chunk (never itself a delta) with its plain bytes, to make a delta against.
struct DeltaBase {
    ChunkId id;
    std::shared_ptr<const Buffer> plain;
};
/// How to store one chunk.
struct ChunkHints {
    /// Finds what the chunk most likely is a changed copy of: its predecessor at the same place of
    /// the same file. Called at most once, by the preparing thread, and only for a new chunk, since
    /// it reads and decodes; a delta is stored when it takes at most half of a whole chunk.
    std::function<std::optional<DeltaBase>()> base;
    std::optional<int> zstd_level;
};

class Claims;

/// An object that is hashed and, when it is new, compressed and sealed. Move-only. One that goes
/// without having been appended is forgotten, unless another one relies on it to be stored: then
/// the Writer stores it with its next commit.
class Prepared {
  public:
    Prepared(Prepared&&) noexcept = default;
    Prepared& operator=(Prepared&&) noexcept;
    ~Prepared();

    ChunkId chunk_id() const;
    NodeId node_id() const;
    Domain domain() const { return domain_; }
    /// Not stored before, neither in the store nor in this Writer.
    bool is_new() const { return claims_ != nullptr; }
    std::uint32_t plain_bytes() const { return plain_bytes_; }
    std::uint32_t stored_bytes() const;  ///< 0 when not new
    /// What it was stored as a delta against.
    const std::optional<ChunkId>& base() const { return base_; }

  private:
    friend class PackingWriter;
    Prepared() = default;
    void give_up();

    std::shared_ptr<Claims> claims_;  ///< null: not new, nothing to append
    Domain domain_ = Domain::chunk;
    std::array<std::byte, 32> id_{};
    std::uint32_t plain_bytes_ = 0;
    std::optional<ChunkId> base_;
    Buffer sealed_;
};

class Writer {
  public:
    virtual ~Writer() = default;  ///< uncommitted objects are dropped

    /// Hash, look up, compress, seal. Any thread, in parallel. Above `chunk_bytes_max` or
    /// `node_bytes_max`: `invalid`.
    virtual Prepared prepare_chunk(ByteView plain, const ChunkHints& = {}) = 0;
    virtual Prepared prepare_node(ByteView plain) = 0;
    /// Puts it into the current pack of its domain; the order of calls is the order on disk.
    /// Any thread. Blocks while two full packs wait for the disk. What went wrong in the background
    /// is thrown here and by every later call.
    virtual void append(Prepared&&) = 0;
    NodeId put_node(ByteView plain) {
        Prepared prepared = prepare_node(plain);
        NodeId id = prepared.node_id();
        append(std::move(prepared));
        return id;
    }
    /// Packs durable, then one synced commit with the records, then `head`. All that the records
    /// refer to was appended before. Without records: keeps what was appended so far, as a backup
    /// that is stopped does; no commit when there is nothing. The Writer may be used again.
    virtual CommitNumber commit(std::span<const RecordChange>) = 0;
};

class EpochPin {
  public:
    EpochPin() = default;
    explicit EpochPin(std::shared_ptr<void> hold) : hold_(std::move(hold)) {}

  private:
    std::shared_ptr<void> hold_;
};

}  // namespace yore::store
