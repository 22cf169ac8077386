// SPDX-License-Identifier: Apache-2.0
/// The progress line: how far, how fast, how long yet, how much of it is new.
#pragma once

#include <yore/base/time.h>

#include <cstdint>
#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace yore::cli {

/// From `progress` events to lines, at most ten a second. Pure: the time is given to it.
class Progress {
  public:
    explicit Progress(Timestamp start) : start_(start), last_(start) {}
    /// Too early for another line: nullopt. At most `columns` columns.
    std::optional<std::string> line(const nlohmann::json& event, Timestamp now,
                                    std::size_t columns);

  private:
    void measure(std::uint64_t bytes, Timestamp now);
    const Timestamp start_;
    Timestamp last_;
    std::optional<Timestamp> shown_;
    std::uint64_t last_bytes_ = 0;
    double bytes_per_second_ = 0;
};

}  // namespace yore::cli
