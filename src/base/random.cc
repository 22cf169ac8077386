// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/random.h>

#include <algorithm>
#include <bit>
#include <cerrno>

#include <sys/random.h>

namespace yore {

void SystemRandom::fill(MutableBytes bytes) {
    while (!bytes.empty()) {
        ssize_t got = ::getrandom(bytes.data(), bytes.size(), 0);
        // Without flags it fails for a bad address or a missing system call only: no keys then.
        YORE_ENSURE(got > 0 || errno == EINTR);
        if (got > 0) bytes = bytes.subspan(static_cast<std::size_t>(got));
    }
}

// xoshiro256** 1.0 by Blackman and Vigna, seeded with splitmix64, as its authors advise.
SeededRandom::SeededRandom(std::uint64_t seed) {
    state_.with([&](State& state) {
        for (auto& word : state) {
            seed += 0x9e3779b97f4a7c15;
            std::uint64_t z = seed;
            z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
            z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
            word = z ^ (z >> 31);
        }
    });
}

std::uint64_t SeededRandom::step(State& s) {
    const std::uint64_t result = std::rotl(s[1] * 5, 7) * 9;
    const std::uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = std::rotl(s[3], 45);
    return result;
}

std::uint64_t SeededRandom::next() {
    return state_.with([](State& state) { return step(state); });
}

std::uint64_t SeededRandom::below(std::uint64_t bound) {
    YORE_ENSURE(bound != 0);
    const std::uint64_t uneven = (0 - bound) % bound;  // 2^64 mod bound: values to throw away
    std::uint64_t value = next();
    while (value < uneven) value = next();
    return value % bound;
}

void SeededRandom::fill(MutableBytes bytes) {
    state_.with([&](State& state) {
        while (!bytes.empty()) {
            std::uint64_t word = step(state);
            std::size_t count = std::min<std::size_t>(bytes.size(), 8);
            for (std::size_t i = 0; i < count; ++i) {
                bytes[i] = static_cast<std::byte>(word >> (8 * i));
            }
            bytes = bytes.subspan(count);
        }
    });
}

}  // namespace yore
