// SPDX-License-Identifier: Apache-2.0
/// What a verify has found so far.
#pragma once

#include <yore/upkeep/verify.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace yore::upkeep {

/// One object is reported once, with the first paths that need it. One thread.
class Report {
  public:
    explicit Report(const VerifyOptions& options) : options_(options) {}

    void damage(const std::string& object, const std::string& text, const std::string& path = {}) {
        Damage& entry = found_[object];
        if (entry.object.empty()) {
            entry.object = object;
            entry.text = text;
            ++counts.damaged;
        }
        if (!path.empty() && entry.needed_by.size() < needed_by_max &&
            std::ranges::count(entry.needed_by, path) == 0)
            entry.needed_by.push_back(path);
    }
    void progress(bool always = false) {
        if (!options_.progress) return;
        const auto now = std::chrono::steady_clock::now();
        if (!always && now - told_ < progress_interval) return;
        told_ = now;
        options_.progress(counts);
    }
    VerifyResult result(const PacksRead& packs) && {
        VerifyResult result{.counts = counts, .packs = packs, .damage = {}, .mended = mended_};
        for (auto& [object, damage] : found_) result.damage.push_back(std::move(damage));
        return result;
    }
    void mended(Mended one) { mended_.push_back(std::move(one)); }
    bool empty() const { return found_.empty(); }
    bool holds(const std::string& object) const { return found_.contains(object); }

    VerifyOptions::Progress counts;

  private:
    static constexpr std::size_t needed_by_max = 10;
    static constexpr auto progress_interval = std::chrono::milliseconds(200);

    const VerifyOptions& options_;
    std::map<std::string, Damage> found_;
    std::vector<Mended> mended_;
    std::chrono::steady_clock::time_point told_{};
};

}  // namespace yore::upkeep
