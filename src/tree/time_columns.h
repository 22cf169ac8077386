// SPDX-License-Identifier: Apache-2.0
/// Times as two columns: whole seconds compress well, and many times have no nanoseconds.
#pragma once

#include <yore/base/time.h>

#include <cstdint>

namespace yore::tree {

struct SplitTime {
    std::uint64_t seconds;      ///< since 1970, two's complement, rounded down
    std::uint64_t nanoseconds;  ///< below 1,000,000,000
};

inline SplitTime split_time(Timestamp time) {
    constexpr std::int64_t second = 1'000'000'000;
    std::int64_t seconds = time.ns / second;
    std::int64_t rest = time.ns % second;
    if (rest < 0) {
        --seconds;
        rest += second;
    }
    return {static_cast<std::uint64_t>(seconds), static_cast<std::uint64_t>(rest)};
}

/// Whether the two are a Timestamp. The first and last representable second are left out but for
/// the part of them that fits.
inline bool are_times(std::uint64_t seconds, std::uint64_t nanoseconds) {
    constexpr std::int64_t second = 1'000'000'000;
    if (nanoseconds >= second) return false;
    const auto whole = static_cast<std::int64_t>(seconds);
    const auto rest = static_cast<std::int64_t>(nanoseconds);
    std::int64_t ns = 0;
    // A negative time is counted from the second above, or its first second would overflow.
    return whole < 0 ? !__builtin_mul_overflow(whole + 1, second, &ns) &&
                           !__builtin_add_overflow(ns, rest - second, &ns)
                     : !__builtin_mul_overflow(whole, second, &ns) &&
                           !__builtin_add_overflow(ns, rest, &ns);
}

inline Timestamp join_time(std::uint64_t seconds, std::uint64_t nanoseconds) {
    return {static_cast<std::int64_t>(seconds * 1'000'000'000 + nanoseconds)};
}

}  // namespace yore::tree
