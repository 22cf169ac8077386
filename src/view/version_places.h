// SPDX-License-Identifier: Apache-2.0
/// Paths below SOURCE/versions, each with a number for its nodes. They are kept as long as the
/// view: some 100 bytes for each path that was looked up.
#pragma once

#include <yore/base/guarded.h>

#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace yore::view {

/// Any thread.
class VersionPlaces {
  public:
    std::uint32_t number_of(const std::string& path) {
        return kept_.with([&](Kept& kept) {
            const auto next = static_cast<std::uint32_t>(kept.paths.size());
            const auto [at, is_new] = kept.numbers.try_emplace(path, next);
            if (is_new) kept.paths.push_back(path);
            return at->second;
        });
    }
    std::string path(std::uint32_t number) const {
        return kept_.with([&](const Kept& kept) { return kept.paths.at(number); });
    }

  private:
    struct Kept {
        std::deque<std::string> paths;
        std::map<std::string, std::uint32_t> numbers;
    };
    Guarded<Kept> kept_;
};

}  // namespace yore::view
