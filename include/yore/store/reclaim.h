// SPDX-License-Identifier: Apache-2.0
/// How space comes back: condemn packs, wait for who may build on them, copy what is live in them,
/// drop them. The caller says what is live.
///
/// A Writer that begins after `condemn` stores anew what it meets of a condemned pack; those from
/// before are waited for. What any of them has committed is live, and so is what was so when it
/// began: a backup takes over parts of its predecessor without a look at where they lie.
#pragma once

#include <yore/format/ids.h>
#include <yore/store/damage.h>
#include <yore/store/store.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace yore::store {

/// One thread. At most one of these at a time for a Store, which outlives it. Destroyed, or killed,
/// at any point: what was not dropped is there still, and what was condemned stays condemned.
class Reclaim {
  public:
    explicit Reclaim(Store&);
    ~Reclaim();

    /// Packs that came with a later commit may belong to a backup that is running.
    CommitNumber safe_until() const;

    /// Unknown or condemned before: `invalid`.
    void condemn(std::span<const std::uint64_t> pack_numbers);
    /// False: after `patience` some Writer or pin from before their `condemn` was still there.
    bool wait_for_writers(std::span<const std::uint64_t> pack_numbers,
                          std::chrono::milliseconds patience) const;

    struct Copied {
        std::uint64_t objects = 0, bytes = 0;
        std::vector<DamageMarks::Found> damaged;  ///< live, and cannot be read: not to be dropped
    };
    /// Copies the items of a condemned pack for which `is_live` says so, sealed as they are. The
    /// copies take the place of the old objects with a later `copy` or with `drop`. The pack's
    /// index is damaged: `corrupt`.
    Copied copy(const PackInfo&, const std::function<bool(std::uint32_t item)>& is_live);
    /// Commits the copies, takes condemned packs out of the tables, and gives their space back.
    /// Before `wait_for_writers` would say true: `busy`, and nothing is done. Without packs: just
    /// commits the copies.
    void drop(std::span<const std::uint64_t> pack_numbers);

  private:
    struct Copies;
    void commit_copies();
    StoreState& store_;
    std::unique_ptr<Copies> copies_;
};

}  // namespace yore::store
