// SPDX-License-Identifier: Apache-2.0
/// Numbers as texts have them.
#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace yore {

/// Of a text that is a whole number and nothing else: digits, with `-` before them where the type
/// has a sign. Anything else, or more than the type holds: nullopt.
template <typename Number>
std::optional<Number> parse_number(std::string_view text, int base = 10) {
    Number number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number, base);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return number;
}

}  // namespace yore
