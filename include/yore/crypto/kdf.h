// SPDX-License-Identifier: Apache-2.0
/// Keys from keys (HKDF, RFC 5869) and from passphrases (scrypt, RFC 7914).
#pragma once

#include <yore/base/bytes.h>
#include <yore/crypto/secret.h>

#include <cstdint>
#include <string_view>

namespace yore::crypto {

/// Extract and expand to 32 bytes. `info` says what the key is for; `salt` may be empty.
SecretKey hkdf_sha256(ByteView key, ByteView salt, std::string_view info);

/// Cost of guessing one passphrase: 128 * 2^log2_n * r bytes of memory, written and read p times.
struct ScryptParameters {
    std::uint8_t log2_n = 0;
    std::uint8_t r = 0;
    std::uint8_t p = 0;
    bool operator==(const ScryptParameters&) const = default;
};
/// 128 MiB, about 0.4 s.
inline constexpr ScryptParameters scrypt_default{17, 8, 1};
/// Worth nothing as protection: for tests.
inline constexpr ScryptParameters scrypt_for_tests{4, 1, 1};

/// Parameters come from disk. False outside of RFC 7914's limits, above 1 GiB of memory, or above
/// 4 GiB of work (2^log2_n * r * p * 128 bytes).
bool within_bounds(const ScryptParameters&);

/// Parameters out of bounds: `corrupt`, before anything is allocated.
SecretKey scrypt(ByteView passphrase, ByteView salt, const ScryptParameters&);

}  // namespace yore::crypto
