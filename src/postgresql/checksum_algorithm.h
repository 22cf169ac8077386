// SPDX-License-Identifier: Apache-2.0
/// The checksums that a manifest's files may have: their names, and how long they are.
#pragma once

#include <yore/postgresql/backup_manifest.h>

#include <array>

namespace yore::postgresql {

struct ChecksumKind {
    ChecksumAlgorithm algorithm;
    std::string_view name;
    std::size_t bytes;
};
inline constexpr std::array<ChecksumKind, 5> checksum_kinds{
    {{ChecksumAlgorithm::crc32c, "CRC32C", 4},
     {ChecksumAlgorithm::sha224, "SHA224", 28},
     {ChecksumAlgorithm::sha256, "SHA256", 32},
     {ChecksumAlgorithm::sha384, "SHA384", 48},
     {ChecksumAlgorithm::sha512, "SHA512", 64}}};

}  // namespace yore::postgresql
