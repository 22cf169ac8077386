// SPDX-License-Identifier: Apache-2.0
/// Gives equal things one number, in the order of their first use.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <utility>
#include <vector>

namespace yore::tree {

template <typename Item, typename Hash, typename Equal = std::equal_to<Item>>
class Numbering {
  public:
    /// Neighbouring entries mostly ask for the same item: that costs one comparison.
    std::uint32_t number_of(const Item& item) {
        if (last_ < items_.size() && Equal()(items_[last_], item)) return last_;
        const auto [at, is_new] =
            numbers_.try_emplace(item, static_cast<std::uint32_t>(items_.size()));
        if (is_new) items_.push_back(item);
        last_ = at->second;
        return last_;
    }
    const std::vector<Item>& items() const { return items_; }
    void clear() {
        items_.clear();
        numbers_.clear();
        last_ = 0;
    }

  private:
    std::vector<Item> items_;
    std::unordered_map<Item, std::uint32_t, Hash, Equal> numbers_;
    std::uint32_t last_ = 0;
};

}  // namespace yore::tree
