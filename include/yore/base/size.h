// SPDX-License-Identifier: Apache-2.0
/// Sizes as people write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace yore {

/// `64M`, `64MiB`, `1.5G`, `4096`: powers of 1024. Not a size, or above 2^63: nullopt.
std::optional<std::uint64_t> parse_size(std::string_view);

}  // namespace yore
