// SPDX-License-Identifier: Apache-2.0
#include <yore/crypto/aead.h>

#include <algorithm>
#include <vector>

#include <catch2/catch.hpp>

#include "../support.h"

using namespace yore;
using namespace yore::crypto;
using yore::test::from_hex, yore::test::test_seed;

namespace {

Nonce nonce_of(ByteView bytes) {
    Nonce nonce{};
    std::copy(bytes.begin(), bytes.end(), nonce.begin());
    return nonce;
}

Bytes seal(const Aes256Gcm& aead, const Nonce& nonce, ByteView associated, ByteView plain) {
    Bytes sealed(plain.size() + Aes256Gcm::tag_bytes);
    aead.seal(nonce, {associated}, plain, sealed);
    return sealed;
}

std::optional<Bytes> open(const Aes256Gcm& aead, const Nonce& nonce, ByteView associated,
                          ByteView sealed) {
    std::size_t size = std::max(sealed.size(), Aes256Gcm::tag_bytes) - Aes256Gcm::tag_bytes;
    Bytes plain(size, std::byte{0x55});
    if (aead.open(nonce, {associated}, sealed, plain)) return plain;
    REQUIRE(equal(plain, Bytes(size)));
    return std::nullopt;
}

bool opens_elsewhere(const SecretKey& key, const Nonce& nonce, ByteView associated,
                     ByteView sealed) {
    return open(Aes256Gcm(key), nonce, associated, sealed).has_value();
}

}  // namespace

TEST_CASE("AES-256-GCM gives the results of its authors' test cases 13 to 16") {
    struct Vector {
        std::string key, nonce, plain, associated, sealed, tag;
    };
    const std::string zeros(64, '0');
    const std::string key = "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308";
    const std::string plain =
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255";
    const std::string sealed =
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad";
    const std::vector<Vector> vectors = {
        {zeros, zeros.substr(0, 24), "", "", "", "530f8afbc74536b9a963b4f1c4cb738b"},
        {zeros, zeros.substr(0, 24), zeros.substr(0, 32), "", "cea7403d4d606b6e074ec5d3baf39d18",
         "d0d1c8a799996bf0265b98b5d48ab919"},
        {key, "cafebabefacedbaddecaf888", plain, "", sealed, "b094dac5d93471bdec1a502270e3cc6c"},
        {key, "cafebabefacedbaddecaf888", plain.substr(0, 120),
         "feedfacedeadbeeffeedfacedeadbeefabaddad2", sealed.substr(0, 120),
         "76fc6ece0f4e1768cddf8853bb2d551b"}};
    for (const Vector& vector : vectors) {
        CAPTURE(vector.tag);
        Aes256Gcm aead(SecretKey::copy_of(from_hex(vector.key)));
        Nonce nonce = nonce_of(from_hex(vector.nonce));
        Bytes associated = from_hex(vector.associated);
        Bytes result = seal(aead, nonce, associated, from_hex(vector.plain));
        CHECK(to_hex(result) == vector.sealed + vector.tag);
        CHECK(open(aead, nonce, associated, result) == from_hex(vector.plain));
    }
}

TEST_CASE("every flipped bit, cut and foreign key, nonce or associated data is found") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    SecretKey key = SecretKey::random(random);
    Aes256Gcm aead(key);
    Nonce nonce{};
    random.fill(nonce);
    Bytes plain(77), associated(21);
    random.fill(plain);
    random.fill(associated);
    const Bytes sealed = seal(aead, nonce, associated, plain);
    auto fails_for_each_flip = [](Bytes& bytes, auto&& fails) {
        for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
            bytes[bit / 8] ^= std::byte{1} << (bit % 8);
            CAPTURE(bit);
            REQUIRE(fails());
            bytes[bit / 8] ^= std::byte{1} << (bit % 8);
        }
    };
    Bytes changed = sealed;
    fails_for_each_flip(changed, [&] { return !open(aead, nonce, associated, changed); });
    fails_for_each_flip(associated, [&] { return !open(aead, nonce, associated, sealed); });
    Bytes nonce_bytes = to_bytes(nonce);
    fails_for_each_flip(nonce_bytes,
                        [&] { return !open(aead, nonce_of(nonce_bytes), associated, sealed); });
    Bytes key_bytes = to_bytes(key.view());
    fails_for_each_flip(key_bytes, [&] {
        return !opens_elsewhere(SecretKey::copy_of(key_bytes), nonce, associated, sealed);
    });
    for (std::size_t size = 0; size < sealed.size(); ++size) {
        REQUIRE_FALSE(open(aead, nonce, associated, ByteView(sealed).first(size)));
        REQUIRE_FALSE(open(aead, nonce, associated, ByteView(sealed).last(size)));
    }
    CHECK_FALSE(open(aead, nonce, {}, sealed));
    CHECK(open(aead, nonce, associated, sealed) == plain);  // failures left nothing behind
}

TEST_CASE("messages of every length round trip, in place too") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    Aes256Gcm aead(SecretKey::random(random));
    std::vector<std::size_t> sizes = {4'095, 4'096, 65'535, 65'537, 1u << 20};
    for (std::size_t size = 0; size < 300; ++size) sizes.push_back(size);
    for (std::size_t size : sizes) {
        CAPTURE(size);
        Nonce nonce{};
        random.fill(nonce);
        Bytes plain(size), part_a(random.below(40)), part_b(random.below(40));
        random.fill(plain);
        random.fill(part_a);
        random.fill(part_b);
        Bytes joined = part_a;
        joined.insert(joined.end(), part_b.begin(), part_b.end());

        Bytes buffer = plain;
        buffer.resize(size + Aes256Gcm::tag_bytes);
        aead.seal(nonce, {part_a, {}, part_b}, ByteView(buffer).first(size), buffer);
        REQUIRE(buffer == seal(aead, nonce, joined, plain));
        REQUIRE(aead.open(nonce, {joined}, buffer, MutableBytes(buffer).first(size)));
        REQUIRE(equal(ByteView(buffer).first(size), plain));
    }
}

TEST_CASE("a failed open in place leaves no plain bytes") {
    SeededRandom random(3);
    Aes256Gcm aead(SecretKey::random(random));
    Bytes buffer = seal(aead, Nonce{}, {}, Bytes(1'000, std::byte{7}));
    buffer.back() ^= std::byte{1};
    CHECK_FALSE(aead.open(Nonce{}, {}, buffer, MutableBytes(buffer).first(1'000)));
    CHECK(equal(ByteView(buffer).first(1'000), Bytes(1'000)));
}

TEST_CASE("one key serves more threads than it keeps contexts") {
    SeededRandom seeds(11);
    const Aes256Gcm aead(SecretKey::random(seeds));
    test::in_threads(24, [&](unsigned thread) {
        SeededRandom random(thread);
        for (int i = 0; i < 300; ++i) {
            Nonce nonce{};
            random.fill(nonce);
            Bytes plain(random.below(3'000));
            random.fill(plain);
            Bytes sealed(plain.size() + Aes256Gcm::tag_bytes), again(plain.size());
            aead.seal(nonce, {nonce}, plain, sealed);
            if (i % 3 == 0) {
                Bytes broken = sealed;
                broken.front() ^= std::byte{1};
                if (aead.open(nonce, {nonce}, broken, again)) return false;
            }
            if (!aead.open(nonce, {nonce}, sealed, again) || again != plain) return false;
        }
        return true;
    });
}

TEST_CASE("a moved AEAD keeps its key") {
    SeededRandom random(5);
    Aes256Gcm first(SecretKey::random(random));
    Bytes sealed = seal(first, Nonce{}, {}, as_bytes("data"));
    Aes256Gcm second = std::move(first);
    CHECK(open(second, Nonce{}, {}, sealed) == to_bytes(as_bytes("data")));
    Aes256Gcm third(SecretKey::random(random));
    CHECK_FALSE(open(third, Nonce{}, {}, sealed));
    third = std::move(second);
    CHECK(open(third, Nonce{}, {}, sealed) == to_bytes(as_bytes("data")));
}
