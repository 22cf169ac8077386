// SPDX-License-Identifier: Apache-2.0
/// What one seed decides: which names, places and bytes an operation gets.
#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace yore::test {

/// Few names, so that operations meet what earlier ones made.
class Choices {
  public:
    explicit Choices(std::uint64_t seed) : random_(seed) {}

    /// 0 to `count` - 1.
    std::uint64_t below(std::uint64_t count) { return random_() % count; }
    bool one_in(std::uint64_t count) { return below(count) == 0; }
    template <typename T>
    T of(const std::vector<T>& some) {
        return some[below(some.size())];
    }

    struct Known {
        std::vector<std::string> paths, files, directories;  ///< `paths`: all of them
    };
    /// From now on, most paths are among these.
    void know(Known known) { known_ = std::move(known); }
    /// One more that is there, perhaps.
    void add(const std::string& path) { known_.paths.push_back(path); }

    std::string name();
    /// Relative; it may be there or not.
    std::string path();
    /// Most likely a regular file.
    std::string file();
    /// Most likely not there, in a directory that is.
    std::string new_path();

    /// In bytes; now and then far beyond the end of any file.
    std::uint64_t offset();
    /// At least 1.
    std::uint64_t length();
    std::string bytes(std::uint64_t count);

  private:
    std::mt19937_64 random_;
    Known known_;
};

}  // namespace yore::test
