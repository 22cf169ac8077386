// SPDX-License-Identifier: Apache-2.0
/// Random operations on the bytes of one file, compared with the same bytes in memory.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace yore::test {

struct FsxOptions {
    std::string path;  ///< made anew
    std::uint64_t seed = 0;
    std::uint64_t steps = 1000;
    std::uint64_t size_max = 256 * 1024;
};

/// What differed first, with the seed and the steps before it; nullopt: nothing.
std::optional<std::string> fsx_difference(const FsxOptions&);

}  // namespace yore::test
