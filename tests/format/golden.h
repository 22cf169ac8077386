// SPDX-License-Identifier: Apache-2.0
/// Golden bytes: never edited, only added. Spaces between hexadecimal digits are for the eye.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/error.h>

#include <string>
#include <string_view>

#include <catch2/catch.hpp>

namespace yore::test {

inline Bytes from_hex(std::string_view text) {
    Bytes bytes;
    std::string digits;
    for (char digit : text) {
        if (digit == ' ' || digit == '\n') continue;
        digits += digit;
        if (digits.size() < 2) continue;
        bytes.push_back(static_cast<std::byte>(std::stoi(digits, nullptr, 16)));
        digits.clear();
    }
    return bytes;
}

/// An id whose bytes count up from `first`.
template <typename Id>
Id counting(unsigned first) {
    Id id;
    for (auto& byte : id.bytes) byte = static_cast<std::byte>(first++);
    return id;
}

/// Every byte of `sound` changed in turn, every shorter and a longer version: `decode` throws
/// `corrupt` or, when `unsealed` bytes carry no checksum, returns something else than before.
template <typename Decode>
void check_damage(const Bytes& sound, Decode&& decode) {
    auto refused = [&](const Bytes& damaged) {
        try {
            decode(damaged);
            return false;
        } catch (const Error& error) {
            return error.code() == Errc::corrupt || error.code() == Errc::unsupported;
        }
    };
    for (std::size_t i = 0; i < sound.size(); ++i) {
        for (unsigned bit : {1u, 128u}) {
            Bytes damaged = sound;
            damaged[i] ^= static_cast<std::byte>(bit);
            CAPTURE(i, bit);
            CHECK(refused(damaged));
        }
        CHECK(refused(Bytes(sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(i))));
    }
    Bytes longer = sound;
    longer.push_back(std::byte{0});
    CHECK(refused(longer));
}

}  // namespace yore::test
