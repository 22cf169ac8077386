// SPDX-License-Identifier: Apache-2.0
/// The one file outside of the sealed store: identity, feature bits, and the master key, wrapped.
///
/// Its layout is in src/store/key_file_layout.h. A checksum finds damage, a MAC under the master
/// key finds tampering. Who lacks the master key cannot strip a bit or a slot unnoticed, but can
/// put back a whole older file: a passphrase that leaked is cut off only from copies made later.
#pragma once

#include <yore/base/random.h>
#include <yore/base/time.h>
#include <yore/crypto/hash.h>
#include <yore/crypto/kdf.h>
#include <yore/format/ids.h>

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace yore::store {

inline constexpr std::uint32_t format_version = 1;
inline constexpr std::size_t key_slots_max = 16;
inline constexpr std::size_t label_bytes_max = 64;
inline constexpr std::size_t key_file_secret_bytes_min = 32;

enum class Encryption : std::uint8_t { none = 0, aes_256_gcm = 1 };
enum class SlotKind : std::uint8_t { passphrase = 1, key_file = 2 };

struct SlotTag;
using SlotId = FixedId<SlotTag, 8>;

/// Unknown compatible bits are kept and ignored; unknown read-only compatible bits forbid writing,
/// unknown incompatible bits opening. This version knows none.
struct FeatureBits {
    std::uint64_t compatible = 0;
    std::uint64_t read_only_compatible = 0;
    std::uint64_t incompatible = 0;
};

/// What opens a slot. The secret of a key file is its whole content, each byte of it.
struct Credentials {
    SlotKind kind = SlotKind::passphrase;
    crypto::SecretBytes secret;
};

struct NewSlot {
    const Credentials& credentials;
    std::string label;  ///< UTF-8 without control characters, at most `label_bytes_max`
    crypto::ScryptParameters cost = crypto::scrypt_default;
};

struct KeySlot {
    SlotId id;
    SlotKind kind = SlotKind::passphrase;
    crypto::ScryptParameters cost;  ///< zeros for a key file
    Timestamp created;              ///< or last rotated
    std::string label;
    std::array<std::byte, 32> salt{};
    std::array<std::byte, 12> nonce{};
    std::array<std::byte, 48> wrapped{};
};

struct MasterKey {
    crypto::SecretKey key;
};

/// A key for each use.
struct Keys {
    RepositoryId repository;
    Encryption encryption = Encryption::none;  ///< none: ids are plain SHA-256, nothing is sealed
    crypto::SecretKey chunk_ids, node_ids;
    crypto::SecretKey gear;   ///< the gear table, and other keyed cutting
    crypto::SecretKey seals;  ///< base of the keys that each pack derives with its salt
    crypto::SecretKey commits, records, tails;
    crypto::SecretKey inodes;  ///< `st_ino` in mounts
};

/// The content of the file; a value, changed in memory and then saved. One thread at a time.
class KeyFile {
  public:
    /// An empty passphrase, a key file below 32 bytes, a bad label: `invalid`.
    static KeyFile create_encrypted(const NewSlot& first, Random&, Timestamp now);
    static KeyFile create_unencrypted(Random&, Timestamp now);

    /// No such file: nullopt. Damaged: `corrupt`. Made by a newer version: `unsupported`.
    static std::optional<KeyFile> load(const std::string& path);
    static KeyFile decode(ByteView);
    Bytes encode() const;
    /// Replaces `path`; durable when it returns.
    void save(const std::string& path) const;

    RepositoryId repository() const { return repository_; }
    Timestamp created() const { return created_; }
    Encryption encryption() const { return encryption_; }
    const FeatureBits& features() const { return features_; }
    const std::vector<KeySlot>& slots() const { return slots_; }
    /// Throws `unsupported` when only a newer version may write. Every change below checks it.
    void ensure_writable() const;

    /// Tries all slots that fit; each passphrase slot costs its scrypt. No slot opens: `wrong_key`.
    /// The header was changed without the master key: `corrupt`. Credentials for a repository that
    /// is not encrypted: `invalid`, so that one put in its place cannot take backups in the clear.
    MasterKey unlock(const std::optional<Credentials>&) const;

    /// Changes need the master key of this file. Too many slots, or none is encrypted: `invalid`.
    SlotId add_slot(const MasterKey&, const NewSlot&, Random&, Timestamp now);
    /// No such slot: `not_found`. The last one: `invalid`.
    void remove_slot(const MasterKey&, const SlotId&);
    /// The slot keeps its id and label; the old secret no longer opens this file once it is saved.
    void rotate_slot(const MasterKey&, const SlotId&, const Credentials&, Random&, Timestamp now,
                     const crypto::ScryptParameters& cost = crypto::scrypt_default);

  private:
    KeyFile() = default;
    Bytes encode_before_mac() const;
    crypto::Digest mac_under(const MasterKey&) const;
    void ensure_changeable(const MasterKey&) const;
    std::size_t slot_at(const SlotId&) const;

    RepositoryId repository_;
    Timestamp created_;
    FeatureBits features_;
    Encryption encryption_ = Encryption::none;
    crypto::SecretKey clear_master_;  ///< zeros when encrypted
    std::vector<KeySlot> slots_;
    crypto::Digest mac_{};
};

/// Deterministic: HKDF with the repository's id as salt.
Keys derive(const KeyFile&, const MasterKey&);

/// The content of a new key file: 64 random hexadecimal digits and a newline.
crypto::SecretBytes make_key_file(Random&);

}  // namespace yore::store
