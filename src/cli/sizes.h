// SPDX-License-Identifier: Apache-2.0
/// Sizes and spans as people write and read them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yore::cli {

/// `64M`, `64MiB`, `1.5G`, `4096`: powers of 1024. Not a size, or above 2^63: nullopt.
std::optional<std::uint64_t> parse_size(std::string_view);
/// `0 B`, `512 B`, `1.5 KiB`, `29.3 MiB`: three digits that count.
std::string human_size(std::uint64_t bytes);
/// `1,234,567`.
std::string grouped(std::uint64_t number);
/// `1 file`, `1,234 files`.
std::string counted(std::uint64_t number, std::string_view noun);
/// `0:07`, `12:34`, `3:25:45`.
std::string human_seconds(std::uint64_t seconds);

}  // namespace yore::cli
