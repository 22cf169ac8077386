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
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <shared_mutex>
#include <span>
#include <vector>

#include "store/codec.h"
#include "store/commit_log.h"
#include "store/damaged_objects.h"
#include "store/epochs.h"
#include "store/seal.h"

namespace yore::store {

/// Packs on which nobody may build any more, each with the epoch of those who still might. Pack
/// numbers are not used twice, so what was dropped need not be taken out. Any thread.
class CondemnedPacks {
  public:
    void add(std::uint64_t number, std::uint64_t epoch);
    bool contains(std::uint64_t number) const;
    /// The last epoch of any of these; who condemned one that is not known is long gone: 0.
    std::uint64_t epoch_of(std::span<const std::uint64_t> numbers) const;

  private:
    std::atomic<bool> any_ = false;  ///< mostly there are none: no lock then
    mutable std::shared_mutex mutex_;
    std::map<std::uint64_t, std::uint64_t> epochs_;
};

struct StoreState {
    StoreState(std::unique_ptr<Backend>, Keys, StoreOptions, const Clock&);

    format::ObjectId id_of(Domain, ByteView plain) const;
    /// Damaged row: `corrupt`, and names the object.
    std::optional<ObjectInfo> find(Domain, const format::ObjectId&) const;
    Buffer get(Domain, const format::ObjectId&, const Store::BaseSource&) const;
    /// As `find`, for who wants to build on it: what lies in a condemned pack or is marked as
    /// damaged is as good as absent, and so is a delta against what does.
    std::optional<ObjectInfo> find_to_reuse(Domain, const format::ObjectId&) const;
    std::uint64_t next_pack_number() { return next_pack_.fetch_add(1); }
    /// Held by a Writer: what it reuses stays, and packs from after `base` are taken for its own.
    std::shared_ptr<void> begin_build(CommitNumber base);
    CommitNumber oldest_build() const;
    /// Of a pack that was dropped; again, when a crash came between.
    void give_back(const KnownPack&);
    /// Commits, then tells who subscribed.
    CommitNumber commit(CommitRequest&);

    /// Throws `invalid` when a piece reaches across the position below which all go.
    void ensure_whole_pieces(std::span<const TailDrop>) const;
    /// What is damaged in the tails, and what an open missed.
    std::vector<std::string> check_tails() const;

    std::unique_ptr<Backend> backend;
    const Keys keys;
    const StoreOptions options;
    const Clock& clock;
    SystemRandom random;
    const SealKeys seal_keys{keys};
    const Codec codec{seal_keys};
    std::optional<crypto::HmacSha256> chunk_hash, node_hash;  ///< absent: not encrypted
    DamagedObjects damaged;
    CommitLog log;
    Epochs epochs;
    CondemnedPacks condemned;
    Guarded<std::multiset<CommitNumber>> builds;  ///< what each Writer builds on

    Guarded<std::set<TailId>> open_tails;  ///< those that somebody appends to

    using Subscriber = std::function<void(CommitNumber)>;
    Guarded<std::vector<std::weak_ptr<Subscriber>>> subscribers;
    /// Sums over the packs table, as of a commit.
    struct Totals {
        CommitNumber as_of;
        StoreStats stats;
    };
    mutable Guarded<std::optional<Totals>> totals;

  private:
    void load_pack_states();
    void load_damage();
    std::shared_ptr<const Buffer> plain_base(const ChunkId&, const Store::BaseSource&) const;
    bool read_sealed(Domain, const ObjectInfo&, Buffer& into) const;
    std::optional<Buffer> get_at(Domain, const format::ObjectId&, const ObjectInfo&,
                                 const Store::BaseSource&) const;

    std::atomic<std::uint64_t> next_pack_;
};

/// `chunk 91bc…`, `node 07aa…`: how messages name an object.
std::string name_of(Domain, const format::ObjectId&);
std::size_t plain_bytes_max(Domain);
inline SealKind seal_kind(Domain domain) {
    return domain == Domain::chunk ? SealKind::chunk : SealKind::node;
}

}  // namespace yore::store
