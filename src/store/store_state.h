// SPDX-License-Identifier: Apache-2.0
/// What the parts of a store share: one of these behind each Store.
#pragma once

#include <yore/base/guarded.h>
#include <yore/crypto/hash.h>
#include <yore/format/tables.h>
#include <yore/store/store.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "store/codec.h"
#include "store/commit_log.h"
#include "store/epochs.h"
#include "store/seal.h"

namespace yore::store {

struct StoreState {
    StoreState(std::unique_ptr<Backend>, Keys, StoreOptions, const Clock&);

    format::ObjectId id_of(Domain, ByteView plain) const;
    /// Damaged row: `corrupt`, and names the object.
    std::optional<ObjectInfo> find(Domain, const format::ObjectId&) const;
    Buffer get(Domain, const format::ObjectId&, const Store::BaseSource&) const;
    std::uint64_t next_pack_number() { return next_pack_.fetch_add(1); }
    /// Commits, then tells who subscribed.
    CommitNumber commit(CommitRequest&);

    std::unique_ptr<Backend> backend;
    const Keys keys;
    const StoreOptions options;
    const Clock& clock;
    SystemRandom random;
    const SealKeys seal_keys{keys};
    const Codec codec{seal_keys};
    std::optional<crypto::HmacSha256> chunk_hash, node_hash;  ///< absent: not encrypted
    CommitLog log;
    Epochs epochs;

    using Subscriber = std::function<void(CommitNumber)>;
    Guarded<std::vector<std::weak_ptr<Subscriber>>> subscribers;
    /// Sums over the packs table, as of a commit.
    struct Totals {
        CommitNumber as_of;
        StoreStats stats;
    };
    mutable Guarded<std::optional<Totals>> totals;

  private:
    std::shared_ptr<const Buffer> plain_base(const ChunkId&, const Store::BaseSource&) const;
    void read_sealed(Domain, const format::ObjectId&, ObjectInfo&, Buffer& into) const;

    std::atomic<std::uint64_t> next_pack_;
};

/// `chunk 91bc…`, `node 07aa…`: how messages name an object.
std::string name_of(Domain, const format::ObjectId&);
std::size_t plain_bytes_max(Domain);
inline SealKind seal_kind(Domain domain) {
    return domain == Domain::chunk ? SealKind::chunk : SealKind::node;
}

}  // namespace yore::store
