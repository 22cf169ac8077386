// SPDX-License-Identifier: Apache-2.0
/// Files that real servers wrote, in `data/`: never edited, only added.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "../support.h"

namespace yore::test {

inline std::string real_file(const std::string& name) {
    const auto path = std::filesystem::path(DATA_DIRECTORY) / name;
    std::ifstream file(path, std::ios::binary);
    INFO(path.string());
    REQUIRE(file);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace yore::test
