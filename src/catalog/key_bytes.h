// SPDX-License-Identifier: Apache-2.0
/// The parts of keys: a letter, then big-endian numbers; signed ones with the sign bit flipped.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/error.h>

#include <cstdint>

namespace yore::catalog {

constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

template <typename Unsigned>
void put(Bytes& key, Unsigned value) {
    for (unsigned shift = 8 * sizeof value; shift > 0; shift -= 8)
        key.push_back(static_cast<std::byte>(value >> (shift - 8)));
}
inline void put_signed(Bytes& key, std::int64_t value) {
    put(key, static_cast<std::uint64_t>(value) ^ sign_bit);
}

/// Takes numbers off the front; the caller has checked the length.
class KeyReader {
  public:
    explicit KeyReader(ByteView rest) : rest_(rest) {}
    std::uint64_t take(std::size_t byte_count) {
        std::uint64_t value = 0;
        for (std::byte b : rest_.first(byte_count))
            value = value << 8 | std::to_integer<unsigned>(b);
        rest_ = rest_.subspan(byte_count);
        return value;
    }
    std::uint32_t take32() { return static_cast<std::uint32_t>(take(4)); }
    std::int64_t take_signed() { return static_cast<std::int64_t>(take(8) ^ sign_bit); }

  private:
    ByteView rest_;
};

inline Error out_of_range(ByteView key) {
    return Error(Errc::corrupt, fmt::format("catalog key {}: out of range", to_hex(key)));
}

inline KeyReader open_key(ByteView key, std::byte letter, std::size_t byte_count) {
    if (key.size() != byte_count || key[0] != letter)
        throw Error(Errc::corrupt, fmt::format("catalog key {}: not of its type", to_hex(key)));
    return KeyReader(key.subspan(1));
}

}  // namespace yore::catalog
