// SPDX-License-Identifier: Apache-2.0
#include <yore/base/size.h>

#include <cmath>
#include <cstdlib>
#include <string>

namespace yore {
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

}  // namespace yore
