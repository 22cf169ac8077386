// SPDX-License-Identifier: Apache-2.0
/// The marks of damage that are in force, in memory: they are looked at for each object that a
/// Writer meets. Mostly there are none.
#pragma once

#include <yore/format/damage_mark.h>

#include <atomic>
#include <map>
#include <optional>
#include <shared_mutex>
#include <utility>

namespace yore::store {

/// Any thread.
class DamagedObjects {
  public:
    bool any() const { return any_.load(std::memory_order_acquire); }
    bool contains(Domain domain, const format::ObjectId& id) const {
        return found_at(domain, id).has_value();
    }
    /// Not marked: nullopt.
    std::optional<Timestamp> found_at(Domain, const format::ObjectId&) const;
    /// As a record says that was committed; `value` nullopt: it was removed.
    void apply(ByteView key, const std::optional<Bytes>& value);

  private:
    using Name = std::pair<Domain, format::ObjectId>;
    std::atomic<bool> any_ = false;
    mutable std::shared_mutex mutex_;
    std::map<Name, Timestamp> found_;
};

}  // namespace yore::store
