// SPDX-License-Identifier: Apache-2.0
/// Decoded chunks and nodes under a byte budget. An object that several threads want at once is
/// decoded once (single flight). What is handed out stays valid after it was evicted.
#pragma once

#include <yore/store/store.h>

#include <cstdint>
#include <memory>

namespace yore::store {

struct CacheStats {
    std::uint64_t hits = 0, misses = 0, waits = 0, evicted = 0, bytes = 0;
};

/// Throws `corrupt` for a node that does not have the shape that its readers rely on.
using NodeCheck = void (*)(const NodeId&, ByteView plain);

/// Makes objects again that are in no store: trees that were worked out to be read, and what is
/// written into them. Not one of its own: null. May read others from the cache. Any thread.
class ObjectMaker {
  public:
    virtual ~ObjectMaker() = default;
    virtual std::shared_ptr<const Buffer> make(const NodeId&) const = 0;
    virtual std::shared_ptr<const Buffer> make_chunk(const ChunkId&) const { return nullptr; }
};

class ObjectCache {
  public:
    /// `bytes_max` is shared by both domains; nodes are kept longer than chunks.
    ObjectCache(const Store&, std::uint64_t bytes_max);
    ~ObjectCache();

    /// Same errors as `Store::get`; an error is not cached. Any thread; may read the store.
    std::shared_ptr<const Buffer> chunk(const ChunkId&) const;
    std::shared_ptr<const Buffer> node(const NodeId&) const;
    /// The same for readers that use nodes in place: the bytes have passed `check`, which ran once
    /// when they were decoded (single flight) and not again while they stay in memory. The check
    /// that passed is kept with the node; another one runs anew.
    std::shared_ptr<const Buffer> node(const NodeId&, NodeCheck check) const;
    /// Only what is in memory already; never blocks on the store.
    std::shared_ptr<const Buffer> chunk_if_cached(const ChunkId&) const;

    /// Takes in what is not stored. It may be evicted at once: then `set_maker`'s is asked.
    void add(const NodeId&, std::shared_ptr<const Buffer>) const;
    void add(const ChunkId&, std::shared_ptr<const Buffer>) const;
    /// Null: none, which is how it starts. It outlives its being set.
    void set_maker(const ObjectMaker*);

    const Store& store() const;
    CacheStats stats() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yore::store
