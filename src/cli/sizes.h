// SPDX-License-Identifier: Apache-2.0
/// Sizes and spans as people read them.
#pragma once

#include <yore/base/size.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace yore::cli {

/// `0 B`, `512 B`, `1.5 KiB`, `29.3 MiB`: three digits that count.
std::string human_size(std::uint64_t bytes);
/// `1,234,567`.
std::string grouped(std::uint64_t number);
/// `1 file`, `1,234 files`.
std::string counted(std::uint64_t number, std::string_view noun);
/// `0:07`, `12:34`, `3:25:45`.
std::string human_seconds(std::uint64_t seconds);

}  // namespace yore::cli
