// SPDX-License-Identifier: Apache-2.0
/// The layout of the key file, `DIR/repository`: fixed places, numbers little-endian.
///
///       0    8  magic "YOREREPO"
///       8    4  format version
///      12    4  length of the file
///      16   16  repository id
///      32    8  created: ns since 1970, signed
///      40   24  feature bits: compatible, read-only compatible, incompatible, 8 bytes each
///      64    1  encryption: 0 none, 1 AES-256-GCM
///      65    1  slot count: 0 without encryption, else 1 to 16
///      66    6  zeros
///      72   32  master key in clear; zeros when encrypted
///     104  184  each slot, ids all different:
///                 0    8  id
///                 8    1  kind: 1 passphrase, 2 key file
///                 9    3  scrypt log2 N, r, p; zeros for a key file
///                12    1  label length, at most 64
///                13    3  zeros
///                16    8  created
///                24   64  label, UTF-8 without control characters, zeros behind
///                88   32  salt
///               120   12  nonce
///               132   48  master key and tag: AES-256-GCM under scrypt(passphrase, salt) or
///                         HKDF(key file, salt, "yore key file slot"); associated data: the
///                         repository id and bytes 0 to 119 of the slot
///               180    4  zeros
///       …   32  HMAC-SHA-256 of all before, under HKDF(master key, repository id,
///                         "yore key file header")
///       …   32  SHA-256 of all before
///
/// Magic, version, length and the SHA-256 at the end stay in every later version.
/// What breaks a rule above is `corrupt`.
#pragma once

#include <yore/store/keyring.h>

#include <array>
#include <string_view>

namespace yore::store {

inline constexpr std::size_t slot_plain_bytes = 120;

/// The bytes of a slot that are stored as they are: its first 120.
std::array<std::byte, slot_plain_bytes> plain_part(const KeySlot&);

/// Well-formed UTF-8 without control characters, not too long.
bool valid_label(std::string_view);

}  // namespace yore::store
