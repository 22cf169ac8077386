// SPDX-License-Identifier: Apache-2.0
#include "store/seal.h"

#include <yore/base/error.h>
#include <yore/crypto/kdf.h>

#include <algorithm>

#define XXH_INLINE_ALL  // hashing in pieces without an allocation needs the state's size
#include <yore/format/wire.h>

#include <xxhash.h>

namespace yore::store {
namespace {

constexpr std::uint8_t seal_version = 1;
constexpr std::uint8_t algorithm_aes_gcm = 1;
constexpr std::uint8_t algorithm_none = 2;
constexpr std::string_view key_info = "yore seal";

crypto::Nonce nonce_of(std::uint64_t counter) {
    crypto::Nonce nonce{};
    for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<std::byte>(counter >> (8 * i));
    return nonce;
}

template <typename Int>
void put(std::byte* at, Int value) {
    for (std::size_t i = 0; i < sizeof value; ++i) at[i] = static_cast<std::byte>(value >> (8 * i));
}

std::array<std::byte, 16> checksum(ByteView header, const SealName& name, ByteView body) {
    XXH3_state_t state;
    XXH3_128bits_reset(&state);
    for (ByteView part : {header, name.id, name.base, body}) {
        XXH3_128bits_update(&state, part.data(), part.size());
    }
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state));
    std::array<std::byte, 16> sum;
    std::copy_n(reinterpret_cast<const std::byte*>(canonical.digest), sum.size(), sum.begin());
    return sum;
}

}  // namespace

SealKeys::SealKeys(const Keys& keys) : keys_(keys) {}

const crypto::SecretKey& SealKeys::base_key(SealKind kind) const {
    switch (kind) {
        case SealKind::commit:
            return keys_.commits;
        case SealKind::record:
            return keys_.records;
        case SealKind::tail:
            return keys_.tails;
        case SealKind::chunk:
        case SealKind::node:
        case SealKind::pack_index:
            break;
    }
    return keys_.seals;
}

std::shared_ptr<const crypto::Aes256Gcm> SealKeys::key_of(SealKind kind,
                                                          const SealSalt& salt) const {
    const crypto::SecretKey* base = &base_key(kind);
    auto& shard = shards_[std::to_integer<std::size_t>(salt[0]) % shard_count];
    auto found = shard.with([&](auto& entries) -> std::shared_ptr<const crypto::Aes256Gcm> {
        auto same = [&](const Entry& entry) { return entry.base == base && entry.salt == salt; };
        auto at = std::find_if(entries.rbegin(), entries.rend(), same);
        if (at == entries.rend()) return nullptr;
        auto key = at->key;
        if (at != entries.rbegin()) std::rotate(std::prev(at.base()), at.base(), entries.end());
        return key;
    });
    if (found) return found;
    auto key = std::make_shared<const crypto::Aes256Gcm>(
        crypto::hkdf_sha256(base->view(), salt, key_info));
    shard.with([&](auto& entries) {
        if (entries.size() >= shard_entries_max) entries.erase(entries.begin());
        entries.push_back({base, salt, key});
    });
    return key;
}

Sealer::Sealer(const SealKeys& keys, SealKind kind, Random& random) {
    if (!keys.encrypted()) return;
    random.fill(salt_);
    key_ = keys.key_of(kind, salt_);
}

void Sealer::seal(const SealName& name, Shape shape, ByteView body, MutableBytes out) const {
    YORE_ENSURE(out.size() == body.size() + seal_overhead_bytes);
    YORE_ENSURE((shape.compression == Compression::delta) == (name.base.size() == ChunkId::size));
    const std::uint64_t counter = key_ ? counter_.fetch_add(1, std::memory_order_relaxed) : 0;
    std::byte* header = out.data();
    put(header, seal_version);
    put(header + 1, key_ ? algorithm_aes_gcm : algorithm_none);
    put(header + 2, static_cast<std::uint8_t>(shape.compression));
    put(header + 3, static_cast<std::uint8_t>(name.kind));
    put(header + 4, std::uint32_t{0});  // key epoch and key domain
    std::copy(salt_.begin(), salt_.end(), header + 8);
    put(header + 24, counter);
    put(header + 32, shape.plain_bytes);

    ByteView header_view = out.first(seal_header_bytes);
    MutableBytes rest = out.subspan(seal_header_bytes);
    if (key_) {
        key_->seal(nonce_of(counter), {header_view, name.id, name.base}, body, rest);
        return;
    }
    if (!body.empty() && body.data() != rest.data()) {
        std::memcpy(rest.data(), body.data(), body.size());
    }
    auto sum = checksum(header_view, name, rest.first(body.size()));
    std::copy(sum.begin(), sum.end(), rest.end() - seal_tag_bytes);
}

SealHeader parse_seal(ByteView sealed, const SealKeys& keys, SealKind kind,
                      std::size_t plain_bytes_max) {
    if (sealed.size() < seal_overhead_bytes) throw Error(Errc::corrupt, "it is cut short");
    format::Decoder decoder(sealed);
    if (decoder.get<std::uint8_t>() != seal_version) {
        throw Error(Errc::corrupt, "its seal's version is unknown",
                    {"it is damaged, or was written by a newer version"});
    }
    if (decoder.get<std::uint8_t>() != (keys.encrypted() ? algorithm_aes_gcm : algorithm_none)) {
        throw Error(Errc::corrupt, "its seal's algorithm is not the repository's");
    }
    SealHeader header;
    header.compression =
        format::decode_enum(decoder, Compression::raw, Compression::log, "compression");
    if (decoder.get<std::uint8_t>() != static_cast<std::uint8_t>(kind)) {
        throw Error(Errc::corrupt, "it is sealed as something else");
    }
    if (decoder.get<std::uint32_t>() != 0) {
        throw Error(Errc::corrupt, "it is sealed under a key that this version does not know");
    }
    ByteView salt = decoder.bytes(header.salt.size());
    std::copy(salt.begin(), salt.end(), header.salt.begin());
    header.counter = decoder.get<std::uint64_t>();
    header.plain_bytes = decoder.get<std::uint32_t>();
    if (header.plain_bytes > plain_bytes_max) {
        throw Error(Errc::corrupt, "its length is out of bounds");
    }
    return header;
}

void open_seal(ByteView sealed, const SealHeader& header, const SealKeys& keys,
               const SealName& name, MutableBytes into) {
    ByteView header_view = sealed.first(seal_header_bytes);
    ByteView rest = sealed.subspan(seal_header_bytes);
    YORE_ENSURE(into.size() == rest.size() - seal_tag_bytes);
    if (keys.encrypted()) {
        auto key = keys.key_of(name.kind, header.salt);
        if (!key->open(nonce_of(header.counter), {header_view, name.id, name.base}, rest, into)) {
            throw Error(Errc::corrupt, "it is damaged: its seal is broken");
        }
        return;
    }
    ByteView body = rest.first(into.size());
    if (!equal(rest.last(seal_tag_bytes), checksum(header_view, name, body))) {
        throw Error(Errc::corrupt, "it is damaged: its checksum is wrong");
    }
    if (!body.empty() && into.data() != body.data()) {
        std::memmove(into.data(), body.data(), body.size());
    }
}

}  // namespace yore::store
