// SPDX-License-Identifier: Apache-2.0
/// What a verify has found so far.
#pragma once

#include <yore/upkeep/verify.h>

#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace yore::upkeep {

/// One object is reported once. One thread.
class Report {
  public:
    explicit Report(const VerifyOptions& options) : options_(options) {}

    void damage(const std::string& object, const std::string& text) {
        if (found_.emplace(object, text).second) ++counts.damaged;
    }
    void tell_damage() const {
        if (!options_.on_damage) return;
        for (const auto& [object, text] : found_) options_.on_damage({object, text});
    }
    void progress(bool always = false) {
        if (!options_.progress) return;
        const auto now = std::chrono::steady_clock::now();
        if (!always && now - told_ < progress_interval) return;
        told_ = now;
        options_.progress(counts);
    }
    VerifyResult result(const PacksRead& packs) && {
        return {.counts = counts, .packs = packs, .mended = std::move(mended_)};
    }
    const VerifyOptions& options() const { return options_; }
    void mended(Mended one) { mended_.push_back(std::move(one)); }
    bool empty() const { return found_.empty(); }
    bool holds(const std::string& object) const { return found_.contains(object); }

    VerifyOptions::Progress counts;

  private:
    static constexpr auto progress_interval = std::chrono::milliseconds(200);

    const VerifyOptions& options_;
    std::map<std::string, std::string> found_;  ///< object, what is wrong
    std::vector<Mended> mended_;
    std::chrono::steady_clock::time_point told_{};
};

}  // namespace yore::upkeep
