// SPDX-License-Identifier: Apache-2.0
/// Collects findings, and has the words that several of them share.
#pragma once

#include <yore/base/time.h>
#include <yore/postgresql/server_check.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yore::postgresql {

class Findings {
  public:
    void ok(std::string_view check, std::string text) {
        all_.push_back({Finding::Level::ok, check, std::move(text), {}});
    }
    void warning(std::string_view check, std::string text, std::string hint) {
        all_.push_back({Finding::Level::warning, check, std::move(text), std::move(hint)});
    }
    void problem(std::string_view check, std::string text, std::string hint) {
        all_.push_back({Finding::Level::problem, check, std::move(text), std::move(hint)});
    }
    std::vector<Finding> take() { return std::move(all_); }

  private:
    std::vector<Finding> all_;
};

std::string size_text(std::uint64_t bytes);  ///< `3.2 MiB`
std::string age_text(Duration);              ///< `40 s`, `12 min`, `5 h`, `3 d`

/// What is stored: the newest base backup, the log, the window.
void judge_stored(const ServerFacts&, const StoredFacts&, Findings&);

}  // namespace yore::postgresql
