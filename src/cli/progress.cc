// SPDX-License-Identifier: Apache-2.0
#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "cli/sizes.h"
#include "cli/terminal.h"

namespace yore::cli {
namespace {

constexpr Duration between_lines{100'000'000};
constexpr double smoothing_seconds = 3;
constexpr std::size_t bar_columns = 20;

double as_seconds(Duration duration) {
    return static_cast<double>(duration.ns) / 1e9;
}

std::uint64_t number(const nlohmann::json& event, const char* key) {
    const auto found = event.find(key);
    return found != event.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

std::string bar(double part) {
    const auto full = static_cast<std::size_t>(part * bar_columns);
    std::string text = "[";
    for (std::size_t i = 0; i < bar_columns; ++i) text += i < full ? '=' : i == full ? '>' : ' ';
    return text + "]";
}

/// What is left out when the terminal is narrow comes last.
std::string fit(const std::vector<std::string>& parts, std::size_t columns) {
    std::string text;
    for (const std::string& part : parts) {
        if (part.empty()) continue;
        const std::size_t wanted = columns_of(text) + columns_of(part) + (text.empty() ? 0 : 2);
        if (wanted > columns) break;
        text += (text.empty() ? "" : "  ") + part;
    }
    return text;
}

}  // namespace

void Progress::measure(std::uint64_t bytes, Timestamp now) {
    const double seconds = as_seconds(now - last_);
    if (seconds <= 0) return;
    const double rate = static_cast<double>(bytes - std::min(bytes, last_bytes_)) / seconds;
    // Exponential smoothing over real time, so that it does not depend on how often events come.
    const double weight = 1 - std::exp(-seconds / smoothing_seconds);
    const bool first = last_.ns == start_.ns;
    bytes_per_second_ = first ? rate : bytes_per_second_ + weight * (rate - bytes_per_second_);
    last_ = now;
    last_bytes_ = bytes;
}

std::optional<std::string> Progress::line(const nlohmann::json& event, Timestamp now,
                                          std::size_t columns) {
    if (shown_ && now - *shown_ < between_lines) return std::nullopt;
    shown_ = now;
    if (event.contains("phase"))
        return fit({event.value("phase", ""), grouped(number(event, "nodes")) + " nodes",
                    grouped(number(event, "chunks")) + " chunks",
                    fmt::format("{} of {} packs", number(event, "packs_done"),
                                number(event, "packs_chosen"))},
                   columns > 0 ? columns - 1 : 0);
    const auto bytes =
        event.contains("bytes") ? number(event, "bytes") : number(event, "bytes_read");
    const auto expected = number(event, "bytes_expected");
    measure(bytes, now);

    std::vector<std::string> parts;
    if (expected > 0) {
        const double part =
            std::min(1.0, static_cast<double>(bytes) / static_cast<double>(expected));
        parts.push_back(fmt::format("{:3.0f}%", std::floor(part * 100)));
        if (columns >= 80) parts.push_back(bar(part));
        parts.push_back(fmt::format("{} of {}", human_size(bytes), human_size(expected)));
    } else {
        parts.push_back(human_size(bytes));
    }
    parts.push_back(human_size(static_cast<std::uint64_t>(bytes_per_second_)) + "/s");
    if (expected > bytes && bytes_per_second_ > 0)
        parts.push_back("left " + human_seconds(static_cast<std::uint64_t>(
                                      static_cast<double>(expected - bytes) / bytes_per_second_)));
    else
        parts.push_back(human_seconds(static_cast<std::uint64_t>(as_seconds(now - start_))));
    if (event.contains("copies"))
        parts.push_back(
            fmt::format("{} of {} copies", number(event, "copies_done"), number(event, "copies")));
    if (event.contains("files")) parts.push_back(grouped(number(event, "files")) + " files");
    if (event.contains("bytes_stored"))
        parts.push_back(fmt::format("new {}, stored {}", human_size(number(event, "bytes_new")),
                                    human_size(number(event, "bytes_stored"))));
    if (const auto problems = number(event, "problems"); problems > 0)
        parts.push_back(grouped(problems) + " problems");
    return fit(parts, columns > 0 ? columns - 1 : 0);
}

}  // namespace yore::cli
