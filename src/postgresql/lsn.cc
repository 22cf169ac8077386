// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/lsn.h>

#include <fmt/format.h>

#include "postgresql/hex.h"

namespace yore::postgresql {
namespace {

std::string joined(Lsn lsn, char separator) {
    return fmt::format("{:X}{}{:X}", lsn.value >> 32, separator, lsn.value & 0xFFFF'FFFF);
}

std::optional<Lsn> parsed(std::string_view text, char separator) {
    const auto middle = text.find(separator);
    if (middle == std::string_view::npos) return std::nullopt;
    const auto upper = parse_hex32(text.substr(0, middle));
    const auto lower = parse_hex32(text.substr(middle + 1));
    if (!upper || !lower) return std::nullopt;
    return Lsn{std::uint64_t{*upper} << 32 | *lower};
}

}  // namespace

std::string to_text(Lsn lsn) {
    return joined(lsn, '/');
}
std::string to_name(Lsn lsn) {
    return joined(lsn, '-');
}
std::optional<Lsn> parse_lsn(std::string_view text) {
    return parsed(text, '/');
}
std::optional<Lsn> parse_lsn_name(std::string_view name) {
    return parsed(name, '-');
}

}  // namespace yore::postgresql
