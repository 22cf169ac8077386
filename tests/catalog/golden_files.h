// SPDX-License-Identifier: Apache-2.0
/// Golden files, and what every decoder of records must stand.
#pragma once

#include <array>
#include <fstream>
#include <string>

#include "../support.h"

namespace yore::test {

/// A golden file: lines that start with `#` are for people, the others are the bytes in
/// hexadecimal.
inline std::string golden(const std::string& name) {
    std::ifstream file(std::string(GOLDEN_DIRECTORY) + "/" + name);
    std::string digits;
    for (std::string line; std::getline(file, line);)
        if (!line.starts_with('#')) digits += line;
    return digits;
}

template <std::size_t Size>
void fill(std::array<std::byte, Size>& bytes, unsigned first) {
    for (std::byte& b : bytes) b = static_cast<std::byte>(first++);
}

/// Whatever the bytes are, decoding gives a value or an Error.
template <typename Decode>
void survives_damage(const Bytes& good, const Decode& decode) {
    const auto try_it = [&](const Bytes& bytes) {
        try {
            decode(bytes);
        } catch (const Error& error) {
            CHECK((error.code() == Errc::corrupt || error.code() == Errc::unsupported));
        }
    };
    for (std::size_t length = 0; length < good.size(); ++length)
        try_it(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length)));
    for (std::size_t i = 0; i < good.size(); ++i)
        for (unsigned flip : {0x01u, 0x80u, 0xffu}) {
            Bytes bytes = good;
            bytes[i] ^= static_cast<std::byte>(flip);
            try_it(bytes);
        }
}

}  // namespace yore::test
