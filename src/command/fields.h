// SPDX-License-Identifier: Apache-2.0
/// Reads a request field by field. What is wrong, missing or left over is Errc::invalid.
#pragma once

#include <yore/base/time.h>

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace yore::command {

class Fields {
  public:
    /// `request` outlives this.
    explicit Fields(const nlohmann::json& request);

    std::string text(const std::string& key);
    std::optional<std::string> optional_text(const std::string& key);
    bool flag(const std::string& key);  ///< absent: false
    std::optional<std::uint64_t> number(const std::string& key);
    std::optional<double> fraction(const std::string& key);
    std::optional<Duration> duration(const std::string& key);  ///< as parse_duration reads it
    std::vector<std::string> texts(const std::string& key);    ///< absent: empty
    /// An object of texts. Absent: empty.
    std::vector<std::pair<std::string, std::string>> pairs(const std::string& key);
    /// Every field was read: one that is left over is a mistake of the caller, who is told the
    /// names that there are.
    void done() const;

  private:
    const nlohmann::json* find(const std::string& key);
    std::string names() const;
    const nlohmann::json& request_;
    std::set<std::string> known_;
};

}  // namespace yore::command
