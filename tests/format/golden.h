// SPDX-License-Identifier: Apache-2.0
/// Golden bytes: never edited, only added.
#pragma once

#include "../support.h"

namespace yore::test {

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
