// SPDX-License-Identifier: Apache-2.0
/// Hexadecimal numbers of up to 32 bits, as LSNs and names of files have them.
#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace yore::postgresql {

/// 1 to 8 digits of either case. Anything else: nullopt.
inline std::optional<std::uint32_t> parse_hex32(std::string_view digits) {
    std::uint32_t value = 0;
    const char* end = digits.data() + digits.size();
    if (digits.size() > 8) return std::nullopt;
    const auto [stop, error] = std::from_chars(digits.data(), end, value, 16);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return value;
}

}  // namespace yore::postgresql
