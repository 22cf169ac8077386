// SPDX-License-Identifier: Apache-2.0
/// Writes Prometheus' text format, version 0.0.4:
/// https://prometheus.io/docs/instrumenting/exposition_formats/
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace yore::command {

enum class MetricType { counter, gauge, histogram };

struct Metric {
    const char* name;  ///< base units; a counter ends in `_total`
    MetricType type;
    const char* help;
};

class Exposition {
  public:
    /// Values are bytes: what is not UTF-8 is written as `\xNN`.
    using Labels = std::vector<std::pair<const char*, std::string>>;

    /// The samples that follow are of this one; each metric is begun once.
    void begin(const Metric&);
    void sample(const Labels&, double value);
    void sample(const Labels&, std::uint64_t value);
    /// One of a histogram: `counts` by class, not yet summed up; `bounds` of all but the last.
    void histogram(const Labels&, const std::vector<double>& bounds,
                   const std::vector<std::uint64_t>& counts, double sum);

    const std::string& text() const { return text_; }

  private:
    void line(const char* suffix, const Labels&, const std::string& value);
    std::string text_;
    const char* name_ = "";
};

}  // namespace yore::command
