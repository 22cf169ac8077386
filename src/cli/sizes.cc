// SPDX-License-Identifier: Apache-2.0
#include "cli/sizes.h"

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

namespace yore::cli {
namespace {

constexpr std::string_view units = "BKMGTPE";

/// The power of 1024 that a unit stands for. None: nullopt.
std::optional<unsigned> power_of(std::string_view unit) {
    if (unit.empty()) return 0;
    const char letter =
        unit[0] >= 'a' && unit[0] <= 'z' ? static_cast<char>(unit[0] - 32) : unit[0];
    const auto power = units.find(letter);
    if (power == std::string_view::npos) return std::nullopt;
    const auto rest = unit.substr(1);
    if (!rest.empty() && (power == 0 || (rest != "iB" && rest != "B" && rest != "ib")))
        return std::nullopt;
    return static_cast<unsigned>(power);
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
    const auto digits = text.find_first_not_of("0123456789.");
    const std::string number(text.substr(0, digits));
    if (number.empty() || number[0] == '.' || number.find('.') != number.rfind('.'))
        return std::nullopt;
    const auto unit = digits == std::string_view::npos ? "" : text.substr(digits);
    const auto power = power_of(unit.starts_with(' ') ? unit.substr(1) : unit);
    if (!power) return std::nullopt;
    const double size = std::strtod(number.c_str(), nullptr) * std::pow(1024.0, *power);
    if (size > 9.2e18) return std::nullopt;
    return static_cast<std::uint64_t>(size);
}

std::string human_size(std::uint64_t bytes) {
    if (bytes < 1024) return fmt::format("{} B", bytes);
    auto size = static_cast<double>(bytes);
    std::size_t power = 0;
    // 999.5 would be printed as 1000: the next unit reads better.
    while (size >= 999.5 && power + 1 < units.size()) {
        size /= 1024;
        power += 1;
    }
    const int decimals = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
    return fmt::format("{:.{}f} {}iB", size, decimals, units[power]);
}

std::string grouped(std::uint64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, ",");
    }
    return text;
}

std::string counted(std::uint64_t number, std::string_view noun) {
    return fmt::format("{} {}{}", grouped(number), noun, number == 1 ? "" : "s");
}

std::string human_seconds(std::uint64_t seconds) {
    const auto hours = seconds / 3600, minutes = seconds / 60 % 60;
    if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, seconds % 60);
    return fmt::format("{}:{:02}", minutes, seconds % 60);
}

}  // namespace yore::cli
