// SPDX-License-Identifier: Apache-2.0
/// Places in PostgreSQL's write-ahead log, and the timelines that fork off it.
///
/// Texts as in PostgreSQL (src/include/access/xlogdefs.h, LSN_FORMAT_ARGS): the upper and lower 32
/// bits in hexadecimal. `0/3000060`; where a name may hold no slash, `0-3000060`.
#pragma once

#include <yore/format/log_position.h>

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yore::postgresql {

/// A byte of the log, counted from the cluster's beginning. 0 is no place ("invalid").
struct Lsn {
    std::uint64_t value = 0;
    auto operator<=>(const Lsn&) const = default;
    bool valid() const { return value != 0; }
};

/// The number of a timeline. 0 is none; the first is 1, and each promotion takes a higher one.
struct Timeline {
    std::uint32_t value = 0;
    auto operator<=>(const Timeline&) const = default;
    bool valid() const { return value != 0; }
};

std::string to_text(Lsn);  ///< `0/3000060`
std::string to_name(Lsn);  ///< `0-3000060`: in names of directories
/// Both parts 1 to 8 digits, of either case. Anything else: nullopt.
std::optional<Lsn> parse_lsn(std::string_view text);
std::optional<Lsn> parse_lsn_name(std::string_view name);

/// An LSN is a position in the log of one cluster along one line of timelines.
inline LogPosition position_of(Lsn lsn) {
    return {lsn.value};
}
inline Lsn lsn_of(LogPosition position) {
    return {position.value};
}

}  // namespace yore::postgresql
