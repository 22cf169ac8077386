// SPDX-License-Identifier: Apache-2.0
/// CRC-32C a byte at a time, for CPUs without an instruction for it.
#pragma once

#include <yore/base/bytes.h>

#include <array>
#include <cstdint>

namespace yore {

inline constexpr std::uint32_t crc32c_polynomial = 0x82F63B78;  // bits reversed

inline constexpr std::array<std::uint32_t, 256> crc32c_bytes = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t byte = 0; byte < made.size(); ++byte) {
        std::uint32_t rest = byte;
        for (int bit = 0; bit < 8; ++bit)
            rest = (rest >> 1) ^ ((rest & 1) != 0 ? crc32c_polynomial : 0);
        made[byte] = rest;
    }
    return made;
}();

/// `state` is the sum so far, its bits inverted.
inline std::uint32_t crc32c_by_table(std::uint32_t state, ByteView bytes) {
    for (const std::byte byte : bytes)
        state = (state >> 8) ^ crc32c_bytes[(state ^ static_cast<std::uint32_t>(byte)) & 0xFF];
    return state;
}

}  // namespace yore
