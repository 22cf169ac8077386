// SPDX-License-Identifier: Apache-2.0
/// The records of which packs were read when (src/format/catalog.fbs), and their keys.
///
///     'v' first           packs that one run read, from this number on
#pragma once

#include <yore/catalog/verified.h>

namespace yore::catalog {

struct VerifiedRecord {
    std::uint64_t last = 0;
    PackReading reading;
    bool operator==(const VerifiedRecord&) const = default;
};

Bytes verified_prefix();
Bytes verified_key(std::uint64_t first);
/// Another length or letter: `corrupt`.
std::uint64_t parse_verified_key(ByteView);
Bytes encode(const VerifiedRecord&);
/// Not such a record, or one that ends before it begins: `corrupt`.
VerifiedRecord decode_verified(std::uint64_t first, ByteView);

}  // namespace yore::catalog
