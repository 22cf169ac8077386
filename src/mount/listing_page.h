// SPDX-License-Identifier: Apache-2.0
/// One reply to FUSE_READDIRPLUS, filled as far as the kernel's buffer goes.
#pragma once

#include <yore/base/bytes.h>

#include <cstdint>
#include <vector>

#include <sys/types.h>

#include "mount/fuse.h"

namespace yore::mount {

/// What it tells the kernel of is looked up; if the reply does not arrive, these lookups never
/// were.
class ListingPage {
  public:
    /// An entry's offset is what a listing goes on behind.
    static constexpr std::uint64_t dot_offset = 1, dot_dot_offset = 2;

    ListingPage(fuse_req_t request, std::size_t size) : request_(request), bytes_(size) {}

    /// The dots that are behind `from`. False: there is no room for them.
    bool add_dots(std::uint64_t from, ino_t directory);
    /// False: there is no room for it, and its lookup is the caller's to take back.
    bool add(const char* name, const fuse_entry_param&, std::uint64_t offset);
    /// `forget(number)` takes back one lookup.
    template <typename Forget>
    void reply(Forget&& forget) {
        const auto* bytes = reinterpret_cast<const char*>(bytes_.data());
        if (fuse_reply_buf(request_, bytes, used_) == 0) return;
        for (const fuse_ino_t number : looked_up_) forget(number);
    }
    bool empty() const { return used_ == 0; }

  private:
    fuse_req_t request_;
    Buffer bytes_;
    std::size_t used_ = 0;
    std::vector<fuse_ino_t> looked_up_;
};

}  // namespace yore::mount
