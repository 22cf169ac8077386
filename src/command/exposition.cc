// SPDX-License-Identifier: Apache-2.0
#include "command/exposition.h"

#include <yore/base/utf8.h>

#include <iterator>

#include <fmt/format.h>

namespace yore::command {
namespace {

const char* name_of(MetricType type) {
    switch (type) {
        case MetricType::counter:
            return "counter";
        case MetricType::gauge:
            return "gauge";
        case MetricType::histogram:
            return "histogram";
    }
    return "untyped";
}

std::string escaped(std::string_view value) {
    std::string text;
    for (std::size_t at = 0; at < value.size();) {
        const std::size_t length = utf8_length(value, at);
        if (length == 0) {
            text += fmt::format("\\\\x{:02x}", static_cast<unsigned char>(value[at++]));
            continue;
        }
        const auto character = value.substr(at, length);
        if (character == "\\" || character == "\"") text += '\\';
        text += character == "\n" ? "\\n" : character;
        at += length;
    }
    return text;
}

}  // namespace

void Exposition::begin(const Metric& metric) {
    name_ = metric.name;
    fmt::format_to(std::back_inserter(text_), "# HELP {} {}\n# TYPE {} {}\n", name_, metric.help,
                   name_, name_of(metric.type));
}

void Exposition::line(const char* suffix, const Labels& labels, const std::string& value) {
    text_ += name_;
    text_ += suffix;
    char before = '{';
    for (const auto& [label, text] : labels) {
        fmt::format_to(std::back_inserter(text_), "{}{}=\"{}\"", before, label, escaped(text));
        before = ',';
    }
    if (!labels.empty()) text_ += '}';
    text_ += ' ';
    text_ += value;
    text_ += '\n';
}

void Exposition::sample(const Labels& labels, double value) {
    line("", labels, fmt::format("{}", value));
}

void Exposition::sample(const Labels& labels, std::uint64_t value) {
    line("", labels, fmt::format("{}", value));
}

void Exposition::histogram(const Labels& labels, const std::vector<double>& bounds,
                           const std::vector<std::uint64_t>& counts, double sum) {
    Labels with_bound = labels;
    with_bound.emplace_back("le", "");
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < counts.size(); ++i) {
        count += counts[i];
        with_bound.back().second = i < bounds.size() ? fmt::format("{}", bounds[i]) : "+Inf";
        line("_bucket", with_bound, fmt::format("{}", count));
    }
    line("_sum", labels, fmt::format("{}", sum));
    line("_count", labels, fmt::format("{}", count));
}

}  // namespace yore::command
