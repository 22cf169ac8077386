// SPDX-License-Identifier: Apache-2.0
/// Sealing: everything that leaves memory is encrypted and authenticated, or, in a repository that
/// is not encrypted, checksummed, under the name by which it will be asked for.
///
/// Little-endian:
///
///     0   1  version = 1                        8   16  salt
///     1   1  algorithm: 1 AES-256-GCM, 2 none   24   8  counter
///     2   1  compression: 0 raw, 1 zstd,        32   4  length of the plain bytes
///            2 delta, 3 log                     36      body
///     3   1  kind                               end 16  GCM tag; XXH3-128 of the header,
///     4   2  key epoch = 0                              the name and the body
///     6   2  key domain = 0
///
/// Key: HKDF-SHA-256 of the kind's base key, the salt, "yore seal". Nonce: four zeros, the counter.
/// Associated data: header, name, and the base's id when it is a delta. As the salt is in each
/// header, sealed bytes move between packs as they are.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/guarded.h>
#include <yore/base/random.h>
#include <yore/crypto/aead.h>
#include <yore/store/keyring.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

namespace yore::store {

inline constexpr std::size_t seal_header_bytes = 36;
inline constexpr std::size_t seal_tag_bytes = 16;
inline constexpr std::size_t seal_overhead_bytes = seal_header_bytes + seal_tag_bytes;

enum class SealKind : std::uint8_t { chunk = 1, node, pack_index, commit, record, tail };
enum class Compression : std::uint8_t { raw = 0, zstd = 1, delta = 2, log = 3 };
using SealSalt = std::array<std::byte, 16>;

/// The name under which something is sealed; views, valid for one call.
struct SealName {
    SealKind kind;
    ByteView id;
    ByteView base = {};  ///< a delta's: the id of its base, always 32 bytes
};

/// Keys of salts met lately, so that reading derives each once. Any thread.
class SealKeys {
  public:
    explicit SealKeys(const Keys&);
    bool encrypted() const { return keys_.encryption != Encryption::none; }
    std::shared_ptr<const crypto::Aes256Gcm> key_of(SealKind, const SealSalt&) const;

  private:
    struct Entry {
        const crypto::SecretKey* base;
        SealSalt salt;
        std::shared_ptr<const crypto::Aes256Gcm> key;
    };
    static constexpr std::size_t shard_count = 8;
    static constexpr std::size_t shard_entries_max = 32;
    const crypto::SecretKey& base_key(SealKind) const;

    const Keys& keys_;
    mutable std::array<Guarded<std::vector<Entry>>, shard_count> shards_;  ///< newest last
};

/// One salt and its counter: never reuses a nonce. Any thread.
class Sealer {
  public:
    /// Seals all kinds that share the base key of `kind`.
    Sealer(const SealKeys&, SealKind kind, Random&);

    struct Shape {
        Compression compression;
        std::uint32_t plain_bytes;
    };
    /// `out` has room for the body and `seal_overhead_bytes`; `body` may lie in it behind the
    /// header's place already.
    void seal(const SealName&, Shape, ByteView body, MutableBytes out) const;

  private:
    std::shared_ptr<const crypto::Aes256Gcm> key_;  ///< null: not encrypted
    SealSalt salt_{};
    mutable std::atomic<std::uint64_t> counter_ = 0;
};

/// What a header says, before the tag was looked at: bounds for allocations, nothing to believe.
struct SealHeader {
    Compression compression = Compression::raw;
    std::uint32_t plain_bytes = 0;
    SealSalt salt{};
    std::uint64_t counter = 0;
};
/// Not a seal of this kind and repository, or above `plain_bytes_max`: `corrupt`.
SealHeader parse_seal(ByteView sealed, const SealKeys&, SealKind, std::size_t plain_bytes_max);
/// The body, authenticated: `into` has `sealed.size() - seal_overhead_bytes`, and may be the body's
/// place in `sealed`. Wrong tag: `corrupt`.
void open_seal(ByteView sealed, const SealHeader&, const SealKeys&, const SealName&,
               MutableBytes into);

}  // namespace yore::store
