// SPDX-License-Identifier: Apache-2.0
/// Fields of the log: numbers of the server's byte order, times in microseconds since 2000.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>

namespace yore::postgresql {

static_assert(std::endian::native == std::endian::little);

/// A little-endian number; the caller knows that it lies within the bytes. (The log of a big-endian
/// server is refused by its first page magic.)
template <std::unsigned_integral Int>
Int load(ByteView bytes, std::size_t offset = 0) {
    Int value;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
}

/// TimestampTz. Beyond what a Timestamp can say, and PostgreSQL's infinities: nullopt.
inline std::optional<Timestamp> time_of(std::uint64_t field) {
    constexpr std::int64_t epoch_us = 946'684'800'000'000;
    constexpr std::int64_t bound_us = INT64_MAX / 1000;
    const auto since_2000_us = static_cast<std::int64_t>(field);
    if (since_2000_us > bound_us - epoch_us || since_2000_us < -bound_us) return std::nullopt;
    return Timestamp{(since_2000_us + epoch_us) * 1000};
}

}  // namespace yore::postgresql
