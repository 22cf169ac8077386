// SPDX-License-Identifier: Apache-2.0
// The bytes of the key file: golden, damaged, and hostile.
#include <yore/base/error.h>
#include <yore/store/keyring.h>

#include <algorithm>

#include <catch2/catch.hpp>

#include "../support.h"

using namespace yore;
using namespace yore::store;
using yore::test::code_thrown_by, yore::test::from_hex, yore::test::test_seed;

namespace {

constexpr std::size_t version_at = 8, created_at = 32, compatible_at = 40;
constexpr std::size_t read_only_compatible_at = 48, incompatible_at = 56, encryption_at = 64;
constexpr std::size_t slot_count_at = 65, clear_master_at = 72, slots_at = 104, slot_bytes = 184;
constexpr std::size_t digest_bytes = 32;

Credentials passphrase(std::string_view text) {
    return {SlotKind::passphrase, crypto::SecretBytes::copy_of(as_bytes(text))};
}

KeyFile two_slots() {
    SeededRandom random(20);
    Timestamp now = Timestamp::from_seconds(1'795'262'400, 123'456'789);
    KeyFile file = KeyFile::create_encrypted(
        {passphrase("golden"), "laptop", crypto::scrypt_for_tests}, random, now);
    Credentials key_file{SlotKind::key_file, make_key_file(random)};
    file.add_slot(file.unlock(passphrase("golden")), {key_file, "safe", {}}, random,
                  now + seconds(1));
    return file;
}

KeyFile unencrypted() {
    SeededRandom random(21);
    return KeyFile::create_unencrypted(random, Timestamp::from_seconds(1'795'262'400));
}

/// As one who has no key can do it: the length and the checksum are right again.
Bytes with_checksum(Bytes bytes) {
    auto length = static_cast<std::uint32_t>(bytes.size());
    std::memcpy(bytes.data() + 12, &length, sizeof length);
    auto checksum = crypto::sha256(ByteView(bytes).first(bytes.size() - digest_bytes));
    std::copy(checksum.begin(), checksum.end(), bytes.end() - digest_bytes);
    return bytes;
}

/// As a later version would do it: the MAC is right too.
Bytes with_mac(Bytes bytes, const MasterKey& master) {
    ByteView repository = ByteView(bytes).subspan(16, 16);
    auto key = crypto::hkdf_sha256(master.key.view(), repository, "yore key file header");
    auto mac = crypto::HmacSha256(key.view())
                   .digest(ByteView(bytes).first(bytes.size() - 2 * digest_bytes));
    std::copy(mac.begin(), mac.end(), bytes.end() - 2 * digest_bytes);
    return with_checksum(std::move(bytes));
}

Bytes changed(Bytes bytes, std::size_t at, unsigned value) {
    bytes[at] = static_cast<std::byte>(value);
    return bytes;
}

std::optional<Errc> code_of_decoding(const Bytes& bytes) {
    return code_thrown_by([&] { KeyFile::decode(bytes); });
}

/// What goes wrong until the master key is there.
std::optional<Errc> code_of_opening(const Bytes& bytes, bool encrypted) {
    return code_thrown_by([&] {
        KeyFile file = KeyFile::decode(bytes);
        if (encrypted) {
            std::ignore = file.unlock(passphrase("golden"));
        } else {
            std::ignore = file.unlock(std::nullopt);
        }
    });
}

}  // namespace

TEST_CASE("the bytes of the key file's version 1 stay as they are") {
    const std::string encrypted =
        "594f52455245504f0100000018020000ecb055c5c37e1aba0e5410a16e08dd2e154df925a40dea18"
        "00000000000000000000000000000000000000000000000001020000000000000000000000000000"
        "00000000000000000000000000000000000000000000000013256fd1fd0afafe0104010106000000"
        "154df925a40dea186c6170746f700000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000000000000000000000000000000000000d5b21c3d5b8b158a"
        "b3549cf5f1d8d50ac9abd15337b28b815c2bffb7a524b68ba981a02a88b4fdaef180d114e8442cb0"
        "9f2c3de8dc127a432586f6bfd212a557d583edb4406fb9c296e1ad4bd1121fc409a0a892dda3d82c"
        "5d19176400000000d7b07df6a6fd59ff020000000400000015179461a40dea187361666500000000"
        "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
        "0000000000000000000000000000000036892414ee75259bf7496cad636f8edd0be185d814686972"
        "05bdb3f48e9399c979091ef0bc4680a80a26d31853499ac862bd0eeaef66d0da0460f39165b3fb81"
        "0731a4645f043bc6b07de1733609f4088f19a88ab7f474faaf51fdee0000000053caec2936ef15bc"
        "5476c85b471e5d08742415860ebb6b237605aff00cdb9ed7d030b6e38951ed41a3236ee4c30a1403"
        "88f4715d2c206b3a9d774f51e99971af";
    const std::string open_master =
        "594f52455245504f01000000a8000000114cc9e5d61ded07e37dd058976185ce00809d1ea40dea18"
        "0000000000000000000000000000000000000000000000000000000000000000c38a887b099f82ae"
        "5df039a110e8e451af09029fd889aac39ccbd41bc4657b051367a89e379ed31c3fe99d6bb1a866e7"
        "93e21c119de15a96fe0e002b9dc2a386285eab0dd4ff92eb90aa22b593862ae612475b453969b3ca"
        "75faa928b1f53d1a";
    CHECK(to_hex(two_slots().encode()) == encrypted);
    CHECK(to_hex(unencrypted().encode()) == open_master);

    KeyFile file = KeyFile::decode(from_hex(encrypted));
    CHECK(file.encode() == from_hex(encrypted));
    CHECK(to_rfc3339(file.created()) == "2026-11-21T12:00:00.123456789Z");
    REQUIRE(file.slots().size() == 2);
    CHECK(file.slots()[0].label == "laptop");
    CHECK(file.slots()[1].label == "safe");
    Keys keys = derive(file, file.unlock(passphrase("golden")));
    CHECK(to_hex(keys.chunk_ids.view()) ==
          "66f3adcfb6f90f434d5770cbb60abeba1a3b6830b93b161e17279c71ec12b0f7");
    CHECK(to_hex(keys.inodes.view()) ==
          "cf9101669d3471db07293a8c1cbd320e51b6c06421d4a39178bd73405d1fe646");
}

TEST_CASE("every flipped bit and every cut of the file is damage") {
    for (const Bytes& good : {two_slots().encode(), unencrypted().encode()}) {
        REQUIRE_FALSE(code_of_decoding(good));
        for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
            Bytes bad = good;
            bad[bit / 8] ^= std::byte{1} << (bit % 8);
            CAPTURE(bit);
            REQUIRE(code_of_decoding(bad) == Errc::corrupt);
        }
        for (std::size_t size = 0; size < good.size(); ++size) {
            Bytes bad(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size));
            REQUIRE(code_of_decoding(bad) == Errc::corrupt);
        }
        Bytes longer = good;
        longer.push_back(std::byte{0});
        CHECK(code_of_decoding(longer) == Errc::corrupt);
    }
}

TEST_CASE("whoever lacks the key cannot change a bit and still have the file opened") {
    for (bool encrypted : {true, false}) {
        const Bytes good = encrypted ? two_slots().encode() : unencrypted().encode();
        REQUIRE(with_checksum(good) == good);
        REQUIRE_FALSE(code_of_opening(good, encrypted));
        for (std::size_t bit = 0; bit < (good.size() - digest_bytes) * 8; ++bit) {
            if (bit / 8 >= 12 && bit / 8 < 16) continue;  // the length, which is put right again
            Bytes bad = good;
            bad[bit / 8] ^= std::byte{1} << (bit % 8);
            CAPTURE(encrypted, bit);
            auto code = code_of_opening(with_checksum(bad), encrypted);
            bool refused =
                code == Errc::corrupt || code == Errc::unsupported || code == Errc::wrong_key;
            REQUIRE(refused);
        }
    }
}

TEST_CASE("a stripped feature bit or slot is tampering, not a wrong passphrase") {
    KeyFile file = two_slots();
    MasterKey master = file.unlock(passphrase("golden"));
    Bytes with_bit = with_mac(changed(file.encode(), read_only_compatible_at, 1), master);
    REQUIRE_FALSE(code_of_opening(with_bit, true));
    CHECK(code_of_opening(with_checksum(changed(with_bit, read_only_compatible_at, 0)), true) ==
          Errc::corrupt);

    Bytes without_second = file.encode();
    auto second = without_second.begin() + slots_at + slot_bytes;
    without_second.erase(second, second + slot_bytes);
    without_second[slot_count_at] = std::byte{1};
    CHECK(code_of_opening(with_checksum(without_second), true) == Errc::corrupt);
}

TEST_CASE("a slot opens in its own repository only") {
    SeededRandom random(30);
    KeyFile own = KeyFile::create_encrypted({passphrase("own"), "", crypto::scrypt_for_tests},
                                            random, Timestamp{});
    Bytes bytes = own.encode();
    Bytes foreign = KeyFile::create_encrypted({passphrase("golden"), "", crypto::scrypt_for_tests},
                                              random, Timestamp{})
                        .encode();
    std::copy_n(foreign.begin() + slots_at, slot_bytes, bytes.begin() + slots_at);
    CHECK(code_of_opening(with_checksum(bytes), true) == Errc::wrong_key);
}

TEST_CASE("newer versions and unknown feature bits do what the format says") {
    KeyFile file = two_slots();
    MasterKey master = file.unlock(passphrase("golden"));
    auto sealed = [&](std::size_t at, unsigned value) {
        return with_mac(changed(file.encode(), at, value), master);
    };
    CHECK(code_of_decoding(sealed(version_at, 2)) == Errc::unsupported);
    CHECK(code_of_decoding(sealed(version_at, 0)) == Errc::corrupt);
    CHECK(code_of_decoding(sealed(incompatible_at + 7, 0x80)) == Errc::unsupported);
    CHECK_THROWS_WITH(KeyFile::decode(sealed(incompatible_at, 4)),
                      Catch::StartsWith("made by a newer version of yore"));

    KeyFile compatible = KeyFile::decode(sealed(compatible_at, 1));
    CHECK(compatible.features().compatible == 1);
    compatible.ensure_writable();
    SeededRandom random(1);
    NewSlot third{passphrase("third"), "", crypto::scrypt_for_tests};
    compatible.add_slot(master, third, random, Timestamp{});
    CHECK(KeyFile::decode(compatible.encode()).features().compatible == 1);  // kept

    KeyFile readable = KeyFile::decode(sealed(read_only_compatible_at + 3, 1));
    std::ignore = readable.unlock(passphrase("golden"));
    CHECK(code_thrown_by([&] { readable.ensure_writable(); }) == Errc::unsupported);
    CHECK(code_thrown_by([&] { readable.add_slot(master, third, random, Timestamp{}); }) ==
          Errc::unsupported);
    CHECK(code_thrown_by([&] { readable.remove_slot(master, readable.slots()[0].id); }) ==
          Errc::unsupported);
}

TEST_CASE("fields that break a rule of the layout are damage, though the checksum is right") {
    Bytes good = two_slots().encode();
    Bytes open_master = unencrypted().encode();
    auto code = [](const Bytes& bytes, std::size_t at, unsigned value) {
        return code_of_decoding(with_checksum(changed(bytes, at, value)));
    };
    CHECK_FALSE(code(good, created_at, 1));
    CHECK(code(good, encryption_at, 2) == Errc::corrupt);
    CHECK(code(good, encryption_at, 0) == Errc::corrupt);
    CHECK(code(good, slot_count_at, 0) == Errc::corrupt);
    CHECK(code(good, slot_count_at, 1) == Errc::corrupt);
    CHECK(code(good, slot_count_at, 3) == Errc::corrupt);
    CHECK(code(good, slot_count_at, 255) == Errc::corrupt);
    CHECK(code(good, slot_count_at + 6, 1) == Errc::corrupt);
    CHECK(code(good, clear_master_at, 1) == Errc::corrupt);
    CHECK(code(open_master, encryption_at, 1) == Errc::corrupt);
    CHECK(code(open_master, slot_count_at, 1) == Errc::corrupt);
    Bytes no_master = open_master;
    std::fill_n(no_master.begin() + clear_master_at, 32, std::byte{0});
    CHECK(code_of_decoding(with_checksum(no_master)) == Errc::corrupt);

    CHECK(code(good, slots_at + 8, 0) == Errc::corrupt);  // kind
    CHECK(code(good, slots_at + 8, 3) == Errc::corrupt);
    CHECK(code(good, slots_at + 9, 30) == Errc::corrupt);  // cost
    CHECK(code(good, slots_at + slot_bytes + 9, 4) == Errc::corrupt);
    CHECK(code(good, slots_at + 12, 65) == Errc::corrupt);  // label
    CHECK(code(good, slots_at + 12, 5) == Errc::corrupt);
    CHECK(code(good, slots_at + 12, 7) == Errc::corrupt);
    CHECK(code(good, slots_at + 24, 0x1b) == Errc::corrupt);
    CHECK(code(good, slots_at + 24, 0xff) == Errc::corrupt);
    CHECK(code(good, slots_at + 15, 1) == Errc::corrupt);  // zeros
    CHECK(code(good, slots_at + 183, 1) == Errc::corrupt);
    Bytes twins = good;
    std::copy_n(twins.begin() + slots_at, slot_bytes, twins.begin() + slots_at + slot_bytes);
    CHECK(code_of_decoding(with_checksum(twins)) == Errc::corrupt);
}

TEST_CASE("bytes changed at random give an error or a file that encodes to the same bytes") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    const Bytes good = two_slots().encode();
    int decoded = 0;
    for (int i = 0; i < 20'000; ++i) {
        Bytes bytes = good;
        for (std::uint64_t edits = 1 + random.below(4); edits > 0; --edits) {
            bytes[random.below(bytes.size())] = static_cast<std::byte>(random.below(256));
        }
        if (random.below(8) == 0) bytes.resize(digest_bytes + 16 + random.below(600));
        bytes = with_checksum(bytes);
        std::optional<Bytes> again;
        auto code = code_thrown_by([&] { again = KeyFile::decode(bytes).encode(); });
        if (again) ++decoded;
        bool agrees = again == bytes || code == Errc::corrupt || code == Errc::unsupported;
        REQUIRE(agrees);
    }
    CHECK(decoded > 1'000);  // wrapped keys, salts, nonces and ids may hold anything
}
