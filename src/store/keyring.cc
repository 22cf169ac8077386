// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/crypto/aead.h>
#include <yore/store/keyring.h>

#include <algorithm>

#include "store/key_file_layout.h"

namespace yore::store {
namespace {

constexpr std::size_t file_bytes_max = 64u << 10;

/// The key that wraps the master key in one slot.
crypto::SecretKey wrapping_key(const KeySlot& slot, const Credentials& credentials) {
    if (slot.kind == SlotKind::passphrase) {
        return crypto::scrypt(credentials.secret.view(), slot.salt, slot.cost);
    }
    return crypto::hkdf_sha256(credentials.secret.view(), slot.salt, "yore key file slot");
}

void check_secret(const Credentials& credentials) {
    if (credentials.kind == SlotKind::passphrase && credentials.secret.empty()) {
        throw Error(Errc::invalid, "the passphrase is empty",
                    {"choose a passphrase, or make a repository with --encryption none"});
    }
    if (credentials.kind == SlotKind::key_file &&
        credentials.secret.size() < key_file_secret_bytes_min) {
        throw Error(Errc::invalid,
                    fmt::format("the key file has {} bytes, at least {} are needed",
                                credentials.secret.size(), key_file_secret_bytes_min),
                    {"`head -c 32 /dev/urandom > FILE` makes a good one"});
    }
}

/// Draws salt and nonce anew and wraps the master key for `credentials`.
void wrap(KeySlot& slot, const RepositoryId& repository, const MasterKey& master,
          const Credentials& credentials, Random& random) {
    random.fill(slot.salt);
    random.fill(slot.nonce);
    crypto::Aes256Gcm(wrapping_key(slot, credentials))
        .seal(slot.nonce, {repository.view(), plain_part(slot)}, master.key.view(), slot.wrapped);
}

std::optional<MasterKey> unwrap(const KeySlot& slot, const RepositoryId& repository,
                                const Credentials& credentials) {
    MasterKey master;
    bool fits = crypto::Aes256Gcm(wrapping_key(slot, credentials))
                    .open(slot.nonce, {repository.view(), plain_part(slot)}, slot.wrapped,
                          master.key.span());
    if (!fits) return std::nullopt;
    return master;
}

crypto::ScryptParameters cost_for(SlotKind kind, const crypto::ScryptParameters& cost) {
    if (kind == SlotKind::key_file) return {};
    if (!crypto::within_bounds(cost)) {
        throw Error(Errc::invalid, "scrypt parameters out of bounds",
                    {"128 * 2^log2_n * r bytes may be at most 1 GiB, times p at most 4 GiB"});
    }
    return cost;
}

KeySlot make_slot(const RepositoryId& repository, const MasterKey& master, const NewSlot& wanted,
                  Random& random, Timestamp now) {
    check_secret(wanted.credentials);
    if (!valid_label(wanted.label)) {
        throw Error(Errc::invalid, "the label of a key slot must be printable text",
                    {fmt::format("at most {} bytes of UTF-8", label_bytes_max)});
    }
    KeySlot slot;
    random.fill(slot.id.bytes);
    slot.kind = wanted.credentials.kind;
    slot.cost = cost_for(slot.kind, wanted.cost);
    slot.created = now;
    slot.label = wanted.label;
    wrap(slot, repository, master, wanted.credentials, random);
    return slot;
}

std::string_view name_of(SlotKind kind) {
    return kind == SlotKind::passphrase ? "passphrase" : "key file";
}

Error no_slot_opens(SlotKind kind, bool any_of_this_kind) {
    std::string other(
        name_of(kind == SlotKind::passphrase ? SlotKind::key_file : SlotKind::passphrase));
    if (!any_of_this_kind) {
        return {Errc::wrong_key,
                fmt::format("no key slot takes a {}", name_of(kind)),
                {fmt::format("this repository opens with a {}", other)}};
    }
    if (kind == SlotKind::passphrase) {
        return {Errc::wrong_key,
                "wrong passphrase",
                {"check the keyboard layout, and that this is the repository that you mean",
                 "a line end at the end of a passphrase may count"}};
    }
    return {Errc::wrong_key,
            "no key slot opens with this key file",
            {"every byte of the file counts; compare it with its copy"}};
}

}  // namespace

KeyFile KeyFile::create_encrypted(const NewSlot& first, Random& random, Timestamp now) {
    KeyFile file;
    random.fill(file.repository_.bytes);
    file.created_ = now;
    file.encryption_ = Encryption::aes_256_gcm;
    MasterKey master{crypto::SecretKey::random(random)};
    file.slots_.push_back(make_slot(file.repository_, master, first, random, now));
    file.mac_ = file.mac_under(master);
    return file;
}

KeyFile KeyFile::create_unencrypted(Random& random, Timestamp now) {
    KeyFile file;
    random.fill(file.repository_.bytes);
    file.created_ = now;
    file.clear_master_ = crypto::SecretKey::random(random);
    file.mac_ = file.mac_under({file.clear_master_.clone()});
    return file;
}

std::optional<KeyFile> KeyFile::load(const std::string& path) {
    return doing([&] { return fmt::format("load {}", path); },
                 [&]() -> std::optional<KeyFile> {
                     auto bytes = read_file(path, file_bytes_max);
                     if (!bytes) return std::nullopt;
                     return decode(*bytes);
                 });
}

void KeyFile::save(const std::string& path) const {
    replace_file(path, encode());
}

void KeyFile::ensure_writable() const {
    if (features_.read_only_compatible == 0) return;
    throw Error(Errc::unsupported,
                fmt::format("made by a newer version of yore, this one can only read it "
                            "(features {:#x})",
                            features_.read_only_compatible),
                {"install a newer version of yore to write"});
}

crypto::Digest KeyFile::mac_under(const MasterKey& master) const {
    auto key = crypto::hkdf_sha256(master.key.view(), repository_.view(), "yore key file header");
    return crypto::HmacSha256(key.view()).digest(encode_before_mac());
}

MasterKey KeyFile::unlock(const std::optional<Credentials>& credentials) const {
    auto checked = [&](MasterKey master) {
        if (crypto::equal_secret(mac_under(master), mac_)) return master;
        throw Error(Errc::corrupt, "the repository's key file was changed without its key",
                    {"somebody may have tampered with it: compare it with a copy"});
    };
    if (encryption_ == Encryption::none) {
        if (!credentials) return checked({clear_master_.clone()});
        throw Error(Errc::invalid, "this repository is not encrypted, but a key was given",
                    {"check that this is the repository that you mean",
                     "if it is, leave out the passphrase or key file (YORE_PASSPHRASE too)"});
    }
    if (!credentials) {
        throw Error(Errc::wrong_key, "this repository is encrypted",
                    {"give its passphrase or key file"});
    }
    bool any_of_this_kind = false;
    for (const KeySlot& slot : slots_) {
        if (slot.kind != credentials->kind) continue;
        any_of_this_kind = true;
        if (auto master = unwrap(slot, repository_, *credentials)) {
            return checked(std::move(*master));
        }
    }
    throw no_slot_opens(credentials->kind, any_of_this_kind);
}

void KeyFile::ensure_changeable(const MasterKey& master) const {
    ensure_writable();
    if (encryption_ == Encryption::none) {
        throw Error(Errc::invalid, "an unencrypted repository has no key slots",
                    {"encryption is chosen when a repository is made"});
    }
    YORE_ENSURE(crypto::equal_secret(mac_under(master), mac_));
}

std::size_t KeyFile::slot_at(const SlotId& id) const {
    auto found = std::find_if(slots_.begin(), slots_.end(),
                              [&](const KeySlot& slot) { return slot.id == id; });
    if (found == slots_.end()) {
        throw Error(Errc::not_found, fmt::format("no key slot {}", id.hex()),
                    {"`yore key list` shows the slots"});
    }
    return static_cast<std::size_t>(found - slots_.begin());
}

SlotId KeyFile::add_slot(const MasterKey& master, const NewSlot& wanted, Random& random,
                         Timestamp now) {
    ensure_changeable(master);
    if (slots_.size() == key_slots_max) {
        throw Error(Errc::invalid, fmt::format("all {} key slots are taken", key_slots_max),
                    {"remove one that is no longer used: `yore key list`, `yore key remove`"});
    }
    slots_.push_back(make_slot(repository_, master, wanted, random, now));
    mac_ = mac_under(master);
    return slots_.back().id;
}

void KeyFile::remove_slot(const MasterKey& master, const SlotId& id) {
    ensure_changeable(master);
    std::size_t index = slot_at(id);
    if (slots_.size() == 1) {
        throw Error(Errc::invalid, "the last key slot cannot be removed",
                    {"without a slot nobody could open the repository again",
                     "add another first (`yore key add`), or rotate this one"});
    }
    slots_.erase(slots_.begin() + static_cast<std::ptrdiff_t>(index));
    mac_ = mac_under(master);
}

void KeyFile::rotate_slot(const MasterKey& master, const SlotId& id, const Credentials& credentials,
                          Random& random, Timestamp now, const crypto::ScryptParameters& cost) {
    ensure_changeable(master);
    check_secret(credentials);
    KeySlot slot = slots_[slot_at(id)];
    slot.kind = credentials.kind;
    slot.cost = cost_for(credentials.kind, cost);
    slot.created = now;
    wrap(slot, repository_, master, credentials, random);
    slots_[slot_at(id)] = std::move(slot);
    mac_ = mac_under(master);
}

Keys derive(const KeyFile& file, const MasterKey& master) {
    RepositoryId repository = file.repository();
    auto key_for = [&](std::string_view use) {
        return crypto::hkdf_sha256(master.key.view(), repository.view(), use);
    };
    Keys keys;
    keys.repository = repository;
    keys.encryption = file.encryption();
    keys.chunk_ids = key_for("yore chunk ids");
    keys.node_ids = key_for("yore node ids");
    keys.gear = key_for("yore gear");
    keys.seals = key_for("yore seals");
    keys.commits = key_for("yore commits");
    keys.records = key_for("yore records");
    keys.tails = key_for("yore tails");
    keys.inodes = key_for("yore inodes");
    return keys;
}

crypto::SecretBytes make_key_file(Random& random) {
    static constexpr std::string_view digits = "0123456789abcdef";
    auto key = crypto::SecretKey::random(random);
    crypto::SecretBytes text(2 * crypto::SecretKey::size + 1);
    std::size_t at = 0;
    for (std::byte byte : key.view()) {
        text.span()[at++] = static_cast<std::byte>(digits[std::to_integer<unsigned>(byte) >> 4]);
        text.span()[at++] = static_cast<std::byte>(digits[std::to_integer<unsigned>(byte) & 15]);
    }
    text.span()[at] = static_cast<std::byte>('\n');
    return text;
}

}  // namespace yore::store
