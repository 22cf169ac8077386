// SPDX-License-Identifier: Apache-2.0
#include "restore/links.h"

namespace yore::restore {

LinkTable::Turn LinkTable::meet(const LinkKey& key, const LinkWish& wish, std::string& path) {
    return groups_.with([&](auto& groups) {
        auto [found, is_new] = groups.try_emplace(key);
        if (is_new) return Turn::first;
        if (found->second.path.empty()) {
            found->second.waiting.push_back(wish);
            return Turn::waits;
        }
        path = found->second.path;
        return Turn::ready;
    });
}

std::vector<LinkWish> LinkTable::written(const LinkKey& key, const std::string& path) {
    return groups_.with([&](auto& groups) {
        Group& group = groups[key];
        group.path = path;
        return std::exchange(group.waiting, {});
    });
}

std::vector<LinkWish> LinkTable::failed(const LinkKey& key) {
    return groups_.with([&](auto& groups) {
        auto found = groups.find(key);
        if (found == groups.end() || !found->second.path.empty()) return std::vector<LinkWish>{};
        return std::move(groups.extract(found).mapped().waiting);
    });
}

}  // namespace yore::restore
