// SPDX-License-Identifier: Apache-2.0
/// Takes the answer to a command apart as it arrives in pieces: JSON lines, and after a line
/// {"bytes": N} as many bytes (docs/api.md).
#pragma once

#include <yore/base/bytes.h>

#include <functional>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace yore::server {

class AnswerReader {
  public:
    struct Handlers {
        std::function<void(const nlohmann::json&)> record;
        std::function<void(ByteView)> bytes;
    };
    explicit AnswerReader(Handlers handlers) : handlers_(std::move(handlers)) {}
    /// Throws `corrupt` when it is not such an answer.
    void take(std::string_view piece);

  private:
    void take_line(std::string_view line);
    const Handlers handlers_;
    std::string line_;                ///< the begun one
    std::uint64_t bytes_coming_ = 0;  ///< raw ones
};

}  // namespace yore::server
