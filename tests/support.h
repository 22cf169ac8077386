// SPDX-License-Identifier: Apache-2.0
/// The seed of every random choice in a test program, and a directory for its files.
#pragma once

#include <yore/base/random.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

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
