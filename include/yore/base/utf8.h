// SPDX-License-Identifier: Apache-2.0
/// UTF-8: names of files need not be it, JSON and terminals want it.
#pragma once

#include <string>
#include <string_view>

namespace yore {

/// The length of the well-formed UTF-8 sequence at `at` (Unicode 15, table 3-7); 0: none.
std::size_t utf8_length(std::string_view text, std::size_t at);
/// Each byte that belongs to no such sequence becomes U+FFFD.
std::string readable_utf8(std::string_view bytes);

}  // namespace yore
