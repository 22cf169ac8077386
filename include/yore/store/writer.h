// SPDX-License-Identifier: Apache-2.0
/// Puts objects into a store: one Writer for each running backup; several may run.
///
/// What a Writer appended is reachable once a commit named its pack. It commits full packs by
/// itself every few seconds, so that an interrupted backup is reused by the next.
#pragma once

#include <yore/base/bytes.h>
#include <yore/format/ids.h>
#include <yore/store/tail.h>

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace yore::store {

inline constexpr std::size_t chunk_bytes_max = 4u << 20;
inline constexpr std::size_t node_bytes_max = 16u << 20;

/// One record changed by a commit: catalog key and plain value (the store seals it).
struct RecordChange {
    Bytes key;
    std::optional<Bytes> value;
};

/// A whole chunk (never itself a delta) with its plain bytes, to make a delta against.
struct DeltaBase {
    ChunkId id;
    std::shared_ptr<const Buffer> plain;
};
/// What the bytes of a chunk are like, as far as it helps to compress them.
enum class Content {
    any,
    log,  ///< records that repeat a few bytes each: PostgreSQL's WAL
};
/// How to store one chunk.
struct ChunkHints {
    /// Finds what the chunk most likely is a changed copy of: its predecessor at the same place of
    /// the same file. Called at most once, by the preparing thread, and only for a new chunk, since
    /// it reads and decodes; a delta is stored when it takes at most half of a whole chunk.
    std::function<std::optional<DeltaBase>()> base = {};
    Content content = Content::any;
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

/// Where nodes are put: a Writer, or memory.
class NodeSink {
  public:
    virtual ~NodeSink() = default;
    /// Above `node_bytes_max`: `invalid`.
    virtual NodeId put_node(ByteView plain) = 0;
};

/// Uncommitted objects are dropped with it.
class Writer : public NodeSink {
  public:
    /// Hash, look up, compress, seal. Any thread, in parallel. Above `chunk_bytes_max` or
    /// `node_bytes_max`: `invalid`.
    virtual Prepared prepare_chunk(ByteView plain, const ChunkHints& = {}) = 0;
    virtual Prepared prepare_node(ByteView plain) = 0;
    /// Puts it into the current pack of its domain; the order of calls is the order on disk.
    /// Any thread. Blocks while two full packs wait for the disk. What went wrong in the background
    /// is thrown here and by every later call.
    virtual void append(Prepared&&) = 0;
    NodeId put_node(ByteView plain) override {
        Prepared prepared = prepare_node(plain);
        NodeId id = prepared.node_id();
        append(std::move(prepared));
        return id;
    }
    /// Packs durable, then one synced commit with the records, then `head`. All that the records
    /// refer to was appended before. Without records: keeps what was appended so far, as a backup
    /// that is stopped does; no commit when there is nothing. The Writer may be used again; after a
    /// commit with records, what was prepared before it is to be prepared anew, or in its records.
    CommitNumber commit(std::span<const RecordChange> records) { return commit(records, {}); }
    /// Takes pieces of tails away, too, that the records make superfluous; see `Store::commit`.
    virtual CommitNumber commit(std::span<const RecordChange>, std::span<const TailDrop>) = 0;
};

}  // namespace yore::store
