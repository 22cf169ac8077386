// SPDX-License-Identifier: Apache-2.0
/// Which objects one Writer has taken on and not yet committed, so that each is stored once,
/// however many threads meet it at the same time.
///
/// The first to prepare an object claims it; whoever meets it later relies on the claim and stores
/// nothing. A claim that is given up (its file vanished, its backup was cancelled) is forgotten if
/// nobody relied on it; else its sealed bytes are kept, to be appended by the next commit.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/guarded.h>
#include <yore/format/ids.h>
#include <yore/format/pack_index.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

namespace yore::store {

struct SealedObject {
    Domain domain = Domain::chunk;
    format::PackItem item;
    Buffer sealed;
};

/// Any thread.
class Claims {
  public:
    /// False: claimed already, and that claim is now relied on.
    bool claim(Domain, const format::ObjectId&);
    /// It turned out to be stored, by an earlier commit: who relied on the claim may go on.
    void forget(Domain, const format::ObjectId&);
    /// It is in a pack of this Writer; the claim stands until the pack is committed.
    void appended(Domain, const format::ObjectId&);
    /// It will not be appended by who claimed it. `sealed` is empty when it failed before that.
    void give_up(SealedObject&&);
    /// What was given up though others rely on it.
    std::vector<SealedObject> take_orphans();
    /// Something is relied on that nobody has appended: a commit would refer to what is not there.
    bool has_open_promises() const { return open_promises_.load() != 0; }

  private:
    enum class Standing : std::uint8_t { claimed, relied_on, appended };
    struct IdHash {
        std::size_t operator()(const format::ObjectId& id) const noexcept {
            std::size_t value = 0;
            std::memcpy(&value, id.data() + 8, sizeof value);
            return value;
        }
    };
    using Shard = std::unordered_map<format::ObjectId, Standing, IdHash>;
    static constexpr std::size_t shard_count = 64;
    Guarded<Shard>& shard_of(Domain, const format::ObjectId&);

    std::array<std::array<Guarded<Shard>, shard_count>, 2> shards_;
    Guarded<std::vector<SealedObject>> orphans_;
    std::atomic<std::uint64_t> open_promises_ = 0;
};

}  // namespace yore::store
