// SPDX-License-Identifier: Apache-2.0
/// One pack being filled. Small ones stay in memory and travel in the commit; at
/// `inline_bytes_max` the items go to a file and so do all that follow.
#pragma once

#include <yore/store/backend.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "store/claims.h"
#include "store/commit_log.h"
#include "store/store_state.h"

namespace yore::store {

/// One thread at a time. Destroyed before `finish`: as if it had never been.
class PackBuilder {
  public:
    /// Two domains: up to twice this in one commit.
    static constexpr std::uint64_t inline_bytes_max = 2u << 20;

    PackBuilder(StoreState&, Domain);

    void append(SealedObject&&);
    bool empty() const { return pack_.index.items.empty(); }
    bool full() const;
    std::uint64_t bytes() const { return pack_.stored_bytes; }
    /// The salt of this pack; what is sealed under it may also end in the next one.
    const std::shared_ptr<const Sealer>& sealer() const { return sealer_; }

    /// Seals the index; a file is durable when this returns.
    FinishedPack finish();

  private:
    void move_to_file();

    StoreState* store_;  ///< a pointer, so that packs can be moved
    std::shared_ptr<const Sealer> sealer_;
    FinishedPack pack_;
    std::unique_ptr<PackSink> sink_;  ///< null while inline
};

}  // namespace yore::store
