// SPDX-License-Identifier: Apache-2.0
#include <yore/crypto/kdf.h>

#include <set>
#include <thread>

#include "store/codec.h"
#include "store/seal.h"
#include "store_fixture.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;

namespace {

constexpr std::size_t plain_max = 1u << 20;

struct Sealing {
    explicit Sealing(Encryption encryption) : keys(keys_from(7, encryption)) {}
    Buffer unpack(ByteView sealed, const SealName& name, ByteView base = {}) const {
        Bytes scratch = to_bytes(sealed);
        return codec.unpack(scratch, name, base, plain_max);
    }
    Keys keys;
    SealKeys seal_keys{keys};
    Codec codec{seal_keys};
    SeededRandom random{5};
    Sealer sealer{seal_keys, SealKind::chunk, random};
};

Bytes id_of(unsigned first) {
    Bytes id(32);
    for (auto& byte : id) byte = static_cast<std::byte>(first++);
    return id;
}

}  // namespace

TEST_CASE("A seal is laid out as specified") {
    Sealing sealing(Encryption::aes_256_gcm);
    const Bytes id = id_of(0x20);
    sealing.codec.pack(sealing.sealer, {SealKind::chunk, id}, as_bytes("first"), {3});
    const Buffer sealed =
        sealing.codec.pack(sealing.sealer, {SealKind::chunk, id}, as_bytes("plain"), {3});
    REQUIRE(sealed.size() == 36 + 5 + 16);
    Bytes salt(16);
    SeededRandom(5).fill(salt);
    CHECK(to_hex(sealed.view().first(36)) ==
          "0101000100000000" + to_hex(salt) + "0100000000000000" + "05000000");
    // Opened with nothing but the words of the specification.
    crypto::Aes256Gcm key(crypto::hkdf_sha256(sealing.keys.seals.view(), salt, "yore seal"));
    crypto::Nonce nonce{};
    nonce[4] = std::byte{1};
    Bytes plain(5);
    CHECK(key.open(nonce, {sealed.view().first(36), id}, sealed.view().subspan(36), plain));
    CHECK(equal(plain, as_bytes("plain")));
}

TEST_CASE("Without encryption a seal is a header, the bytes and a checksum") {
    Sealing sealing(Encryption::none);
    const Bytes id = id_of(0x20);
    const Buffer sealed =
        sealing.codec.pack(sealing.sealer, {SealKind::node, id}, as_bytes("plain"), {3});
    CHECK(to_hex(sealed) ==
          "0102000200000000000000000000000000000000000000000000000000000000"
          "05000000706c61696e0a859418657db14244e3f76378a40088");
}

TEST_CASE("Compression is told by the header and undone exactly") {
    auto encryption = GENERATE(Encryption::aes_256_gcm, Encryption::none);
    Sealing sealing(encryption);
    SeededRandom random(1);
    const SealName name{SealKind::chunk, ByteView()};
    for (std::size_t size : {0u, 1u, 31u, 32u, 100u, 4095u, 20'000u, 500'000u}) {
        for (bool text : {true, false}) {
            const Bytes plain = text ? text_bytes(random, size) : random_bytes(random, size);
            const Buffer sealed = sealing.codec.pack(sealing.sealer, name, plain, {3});
            CAPTURE(size, text);
            CHECK(sealed.size() <= size + seal_overhead_bytes);
            CHECK(sealed.view()[2] == std::byte{text && size >= 100});
            CHECK(equal(sealing.unpack(sealed, name), plain));
        }
    }
}

TEST_CASE("A log is compressed in its own way up to level 3, and above it as the level says") {
    Sealing sealing(Encryption::aes_256_gcm);
    SeededRandom random(1);
    const SealName name{SealKind::chunk, ByteView()};
    const Bytes records = text_bytes(random, 262'144);
    const auto packed = [&](Effort effort) {
        return sealing.codec.pack(sealing.sealer, name, records, effort);
    };
    const Buffer as_log = packed({3, Content::log});
    CHECK(as_log.size() != packed({3}).size());
    CHECK(packed({12, Content::log}).size() == packed({12}).size());
    CHECK(equal(sealing.unpack(as_log, name), records));
}

TEST_CASE("Every changed byte of a seal, and every other name, is damage") {
    auto encryption = GENERATE(Encryption::aes_256_gcm, Encryption::none);
    Sealing sealing(encryption);
    SeededRandom random(1);
    const Bytes id = id_of(1), other = id_of(2);
    const Bytes plain = text_bytes(random, 300), base = text_bytes(random, 300);
    const SealName whole_name{SealKind::chunk, id};
    const SealName delta_name{SealKind::chunk, id, other};
    Bytes changed = base;
    changed[7] ^= std::byte{1};
    const Buffer whole = sealing.codec.pack(sealing.sealer, whole_name, plain, {3});
    const auto delta =
        sealing.codec.pack_delta(sealing.sealer, delta_name, changed, {base, 1000}, {3}).delta;
    REQUIRE(delta);
    CHECK(equal(sealing.unpack(*delta, delta_name, base), changed));

    auto is_damage = [&](ByteView sealed, const SealName& name, ByteView with = {}) {
        try {
            (void)sealing.unpack(sealed, name, with);
            return false;
        } catch (const Error& error) {
            return error.code() == Errc::corrupt;
        }
    };
    for (std::size_t at = 0; at < whole.size(); ++at) {
        Bytes damaged = to_bytes(whole);
        damaged[at] ^= static_cast<std::byte>(1 + random.below(255));
        CAPTURE(at);
        CHECK(is_damage(damaged, whole_name));
        CHECK(is_damage(whole.view().first(at), whole_name));
    }
    for (std::size_t at = 0; at < delta->size(); ++at) {
        Bytes damaged = to_bytes(*delta);
        damaged[at] ^= static_cast<std::byte>(1 + random.below(255));
        CHECK(is_damage(damaged, delta_name, base));
    }
    CHECK(is_damage(whole, {SealKind::chunk, other}));
    CHECK(is_damage(whole, {SealKind::node, id}));
    CHECK(is_damage(whole, delta_name, base));
    CHECK(is_damage(*delta, whole_name));
    CHECK(is_damage(*delta, {SealKind::chunk, id, id}, base));
    CHECK(is_damage(*delta, delta_name, plain));
}

TEST_CASE("A length out of bounds is refused before anything is allocated for it") {
    Sealing sealing(Encryption::none);
    const SealName name{SealKind::chunk, ByteView()};
    SeededRandom random(1);
    const Buffer sealed = sealing.codec.pack(sealing.sealer, name, text_bytes(random, 10'000), {3});
    Bytes scratch = to_bytes(sealed);
    CHECK(error_of([&] { sealing.codec.unpack(scratch, name, {}, 9'999); }).code() ==
          Errc::corrupt);
    CHECK(sealing.codec.unpack(scratch, name, {}, 10'000).size() == 10'000);
}

TEST_CASE("Bytes made by who knows no key but the checksum do no harm") {
    // Without encryption anybody can make a sound checksum: what is behind it is still bounded.
    Sealing sealing(Encryption::none);
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    const Bytes id = id_of(1);
    const SealName name{SealKind::chunk, id};
    const Bytes plain = text_bytes(random, 2000);
    Buffer good = sealing.codec.pack(sealing.sealer, name, plain, {3});
    const Bytes frame =
        to_bytes(good.view().subspan(seal_header_bytes, good.size() - seal_overhead_bytes));
    for (int i = 0; i < 3000; ++i) {
        Bytes body = frame;
        for (std::uint64_t flips = random.below(4); flips > 0; --flips) {
            body[random.below(body.size())] ^= static_cast<std::byte>(random.below(256));
        }
        body.resize(random.below(3) == 0 ? random.below(body.size()) + 1 : body.size());
        Bytes sealed(body.size() + seal_overhead_bytes);
        const auto length =
            static_cast<std::uint32_t>(random.below(4) == 0 ? random.below(5000) : plain.size());
        sealing.sealer.seal(name, {Compression::zstd, length}, body, sealed);
        try {
            if (sealing.unpack(sealed, name).size() != length) FAIL("another length");
        } catch (const Error& error) {
            if (error.code() != Errc::corrupt) FAIL(error.what());
        }
    }
}

TEST_CASE("No nonce is used twice under one salt, from many threads") {
    Sealing sealing(Encryption::aes_256_gcm);
    std::vector<Buffer> made(400);
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (std::size_t i = t; i < made.size(); i += 4) {
                made[i] = sealing.codec.pack(sealing.sealer, {SealKind::chunk, {}}, {}, {3});
            }
        });
    }
    threads.clear();
    std::set<std::string> nonces;
    for (const Buffer& sealed : made) nonces.insert(to_hex(sealed.view().subspan(8, 24)));
    CHECK(nonces.size() == made.size());
}

TEST_CASE("More salts than are kept are opened all the same") {
    Sealing sealing(Encryption::aes_256_gcm);
    std::vector<Buffer> made;
    const SealName name{SealKind::chunk, ByteView()};
    for (int i = 0; i < 600; ++i) {
        Sealer sealer(sealing.seal_keys, SealKind::chunk, sealing.random);
        made.push_back(sealing.codec.pack(sealer, name, as_bytes("plain"), {3}));
    }
    for (int round = 0; round < 2; ++round) {
        for (const Buffer& sealed : made) {
            REQUIRE(equal(sealing.unpack(sealed, name), as_bytes("plain")));
        }
    }
}

TEST_CASE("Kinds are sealed under their own keys") {
    Sealing sealing(Encryption::aes_256_gcm);
    const SealSalt salt{};
    std::set<const crypto::Aes256Gcm*> keys;
    for (SealKind kind : {SealKind::chunk, SealKind::commit, SealKind::record, SealKind::tail}) {
        auto key = sealing.seal_keys.key_of(kind, salt);
        CHECK(key == sealing.seal_keys.key_of(kind, salt));
        keys.insert(key.get());
    }
    CHECK(keys.size() == 4);
    CHECK(sealing.seal_keys.key_of(SealKind::node, salt) ==
          sealing.seal_keys.key_of(SealKind::chunk, salt));
}
