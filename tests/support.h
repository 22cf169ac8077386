// SPDX-License-Identifier: Apache-2.0
/// What every test program may use: one seed, directories that go away, hexadecimal bytes.
#pragma once

#include <yore/base/error.h>
#include <yore/base/random.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

namespace yore::test {

/// `YORE_TEST_SEED` if it is set, else another one in each run. A test that uses it starts with
/// `CAPTURE(test_seed())`, so that a failure says how to repeat it.
inline std::uint64_t test_seed() {
    static const std::uint64_t seed = [] {
        if (const char* given = std::getenv("YORE_TEST_SEED")) {
            return std::strtoull(given, nullptr, 0);
        }
        unsigned long long drawn = 0;
        SystemRandom().fill({reinterpret_cast<std::byte*>(&drawn), sizeof drawn});
        return drawn;
    }();
    return seed;
}

/// Two hexadecimal digits a byte; blanks between them are for the eye.
inline Bytes from_hex(std::string_view text) {
    Bytes bytes;
    std::string digits;
    for (char digit : text) {
        if (digit == ' ' || digit == '\n') continue;
        digits += digit;
        if (digits.size() < 2) continue;
        bytes.push_back(static_cast<std::byte>(std::stoul(digits, nullptr, 16)));
        digits.clear();
    }
    return bytes;
}

/// The code of the Error that `body` throws. None: nullopt.
template <typename Body>
std::optional<Errc> code_thrown_by(Body&& body) {
    try {
        body();
    } catch (const Error& error) {
        return error.code();
    }
    return std::nullopt;
}

/// Runs `body(0)` … `body(count - 1)` at once; the calling test requires that each returns true.
template <typename Body>
void in_threads(unsigned count, Body&& body) {
    std::atomic<unsigned> good{0};
    {
        std::vector<std::jthread> threads;
        for (unsigned i = 0; i < count; ++i) {
            threads.emplace_back([&, i] {
                if (body(i)) ++good;
            });
        }
    }
    REQUIRE(good == count);
}

/// A new directory that goes away with its content.
class TemporaryDirectory {
  public:
    TemporaryDirectory() {
        std::string pattern = std::filesystem::temp_directory_path() / "yore-test-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        path_ = pattern;
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  private:
    std::string path_;
};

}  // namespace yore::test
