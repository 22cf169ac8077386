// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/store/keyring.h>

#include <set>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "../support.h"

using namespace yore;
using namespace yore::store;
using yore::test::code_thrown_by;

namespace {

const Timestamp noon = Timestamp::from_seconds(1'795'262'400, 5);
const Timestamp later = noon + seconds(3600);
constexpr auto cheap = crypto::scrypt_for_tests;

Credentials passphrase(std::string_view text) {
    return {SlotKind::passphrase, crypto::SecretBytes::copy_of(as_bytes(text))};
}
Credentials key_file(char fill) {
    return {SlotKind::key_file, crypto::SecretBytes::copy_of(as_bytes(std::string(40, fill)))};
}

KeyFile make(std::string_view secret, Random& random) {
    return KeyFile::create_encrypted({passphrase(secret), "first", cheap}, random, noon);
}

bool opens(const KeyFile& file, const Credentials& credentials) {
    try {
        std::ignore = file.unlock(
            Credentials{credentials.kind, crypto::SecretBytes::copy_of(credentials.secret.view())});
        return true;
    } catch (const Error& error) {
        REQUIRE(error.code() == Errc::wrong_key);
        return false;
    }
}

bool same(const MasterKey& a, const MasterKey& b) {
    return crypto::equal_secret(a.key.view(), b.key.view());
}

KeyFile reread(const KeyFile& file) {
    return KeyFile::decode(file.encode());
}

std::string message_of(auto&& body) {
    try {
        body();
    } catch (const Error& error) {
        return error.full_text();
    }
    return "nothing was thrown";
}

}  // namespace

TEST_CASE("an encrypted repository opens with its passphrase and nothing else") {
    SeededRandom random(1);
    KeyFile file = reread(make("correct horse", random));
    CHECK(file.encryption() == Encryption::aes_256_gcm);
    CHECK(file.created() == noon);
    CHECK_FALSE(file.repository().is_zero());
    CHECK(opens(file, passphrase("correct horse")));
    CHECK_FALSE(opens(file, passphrase("correct horse\n")));
    CHECK_FALSE(opens(file, passphrase("")));
    CHECK_FALSE(opens(file, key_file('a')));

    auto wrong = [&] { std::ignore = file.unlock(passphrase("battery")); };
    CHECK_THAT(message_of(wrong), Catch::StartsWith("wrong passphrase\nhint: "));
    auto no_such_kind = [&] { std::ignore = file.unlock(key_file('a')); };
    CHECK_THAT(message_of(no_such_kind), Catch::StartsWith("no key slot takes a key file\nhint: "));
    auto nothing = [&] { std::ignore = file.unlock(std::nullopt); };
    CHECK(code_thrown_by(nothing) == Errc::wrong_key);
    CHECK_THAT(message_of(nothing), Catch::StartsWith("this repository is encrypted\nhint: "));
}

TEST_CASE("an unencrypted repository opens without a key, and refuses one") {
    SeededRandom random(2);
    KeyFile made = KeyFile::create_unencrypted(random, noon);
    KeyFile file = reread(made);
    CHECK(file.encryption() == Encryption::none);
    CHECK(file.slots().empty());
    MasterKey master = file.unlock(std::nullopt);
    CHECK(same(master, made.unlock(std::nullopt)));
    CHECK_FALSE(equal(master.key.view(), Bytes(32)));
    CHECK(code_thrown_by([&] { std::ignore = file.unlock(passphrase("x")); }) == Errc::invalid);
    CHECK(code_thrown_by([&] {
              file.add_slot(master, {passphrase("x"), "", cheap}, random, noon);
          }) == Errc::invalid);
}

TEST_CASE("several slots open the same master key") {
    SeededRandom random(3);
    KeyFile file = make("one", random);
    MasterKey master = file.unlock(passphrase("one"));
    SlotId two = file.add_slot(master, {passphrase("two"), "büro", cheap}, random, later);
    SlotId key = file.add_slot(master, {key_file('k'), "", cheap}, random, later);
    file = reread(file);

    REQUIRE(file.slots().size() == 3);
    CHECK(file.slots()[1].id == two);
    CHECK(file.slots()[1].label == "büro");
    CHECK(file.slots()[1].created == later);
    CHECK(file.slots()[1].cost == cheap);
    CHECK(file.slots()[2].kind == SlotKind::key_file);
    CHECK(same(master, file.unlock(passphrase("one"))));
    CHECK(same(master, file.unlock(passphrase("two"))));
    CHECK(same(master, file.unlock(key_file('k'))));
    auto other_file = [&] { std::ignore = file.unlock(key_file('l')); };
    CHECK_THAT(message_of(other_file),
               Catch::StartsWith("no key slot opens with this key file\nhint: "));

    file.remove_slot(master, two);
    file.remove_slot(master, file.slots().front().id);
    file = reread(file);
    CHECK_FALSE(opens(file, passphrase("one")));
    CHECK_FALSE(opens(file, passphrase("two")));
    CHECK(same(master, file.unlock(key_file('k'))));

    Bytes before = file.encode();
    auto remove_last = [&] { file.remove_slot(master, key); };
    CHECK(code_thrown_by(remove_last) == Errc::invalid);
    CHECK_THAT(message_of(remove_last), Catch::Contains("hint: add another first"));
    CHECK(code_thrown_by([&] { file.remove_slot(master, two); }) == Errc::not_found);
    CHECK(file.encode() == before);
}

TEST_CASE("there is room for sixteen slots") {
    SeededRandom random(4);
    KeyFile file = make("0", random);
    MasterKey master = file.unlock(passphrase("0"));
    for (int i = 1; i < 16; ++i) {
        file.add_slot(master, {passphrase(std::to_string(i)), std::string(64, 'x'), cheap}, random,
                      noon);
    }
    CHECK(code_thrown_by([&] {
              file.add_slot(master, {passphrase("16"), "", cheap}, random, noon);
          }) == Errc::invalid);
    file = reread(file);
    CHECK(file.slots().size() == 16);
    CHECK(same(master, file.unlock(passphrase("15"))));
}

TEST_CASE("rotating a slot replaces its secret and keeps its id, label and master key") {
    SeededRandom random(5);
    KeyFile file = make("old", random);
    MasterKey master = file.unlock(passphrase("old"));
    KeySlot before = file.slots().front();
    file.rotate_slot(master, before.id, passphrase("new"), random, later, cheap);
    file = reread(file);
    const KeySlot& after = file.slots().front();
    CHECK(after.id == before.id);
    CHECK(after.label == before.label);
    CHECK(after.created == later);
    CHECK(after.salt != before.salt);
    CHECK(after.nonce != before.nonce);
    CHECK_FALSE(opens(file, passphrase("old")));
    CHECK(same(master, file.unlock(passphrase("new"))));

    file.rotate_slot(master, before.id, key_file('k'), random, later);
    CHECK(same(master, reread(file).unlock(key_file('k'))));
    Bytes unchanged = file.encode();
    CHECK(code_thrown_by([&] {
              file.rotate_slot(master, before.id, passphrase(""), random, later, cheap);
          }) == Errc::invalid);
    CHECK(code_thrown_by([&] {
              file.rotate_slot(master, SlotId{}, passphrase("x"), random, later, cheap);
          }) == Errc::not_found);
    CHECK(file.encode() == unchanged);
}

TEST_CASE("weak or unprintable input is refused before a slot is made") {
    SeededRandom random(6);
    auto create = [&](const Credentials& credentials, const std::string& label) {
        return code_thrown_by([&] {
            KeyFile::create_encrypted({credentials, label, cheap}, random, noon);
        });
    };
    CHECK(create(passphrase(""), "") == Errc::invalid);
    Credentials short_file{SlotKind::key_file, crypto::SecretBytes(31)};
    CHECK(create(short_file, "") == Errc::invalid);
    Credentials long_enough{SlotKind::key_file, crypto::SecretBytes(32)};
    CHECK_FALSE(create(long_enough, ""));
    for (const char* label : {"", "laptop", "büro", "日本", "\xf0\x9f\x94\x91"}) {
        CHECK_FALSE(create(passphrase("x"), label));
    }
    for (const char* label :
         {"a\nb", "\x1b[2J", "\x7f", "\xff", "\xc3", "\xc0\xaf", "\xe0\x80\xaf", "\xed\xa0\x80",
          "\xf4\x90\x80\x80", "\xc2\x85", "\x80", "a\xe2\x82"}) {
        CAPTURE(label);
        CHECK(create(passphrase("x"), label) == Errc::invalid);
    }
    CHECK_FALSE(create(passphrase("x"), std::string(64, 'x')));
    CHECK(create(passphrase("x"), std::string(65, 'x')) == Errc::invalid);
    CHECK(create(passphrase("x"), std::string("a\0b", 3)) == Errc::invalid);
    CHECK(code_thrown_by([&] {
              KeyFile::create_encrypted({passphrase("x"), "", {30, 8, 1}}, random, noon);
          }) == Errc::invalid);
}

TEST_CASE("each use has a key of its own, the same after every unlock") {
    SeededRandom random(7);
    auto hex_keys = [](const Keys& keys) {
        std::vector<std::string> all;
        for (const auto* key : {&keys.chunk_ids, &keys.node_ids, &keys.gear, &keys.seals,
                                &keys.commits, &keys.records, &keys.tails, &keys.inodes}) {
            all.push_back(to_hex(key->view()));
        }
        return all;
    };
    KeyFile file = make("x", random);
    MasterKey master = file.unlock(passphrase("x"));
    Keys keys = derive(file, master);
    CHECK(keys.repository == file.repository());
    CHECK(keys.encryption == Encryption::aes_256_gcm);
    auto all = hex_keys(keys);
    std::set<std::string> distinct(all.begin(), all.end());
    distinct.insert(to_hex(master.key.view()));
    CHECK(distinct.size() == 9);
    CHECK(hex_keys(derive(reread(file), file.unlock(passphrase("x")))) == all);

    KeyFile other = make("x", random);
    auto foreign = hex_keys(derive(other, master));  // the repository's id counts too
    distinct.insert(foreign.begin(), foreign.end());
    CHECK(distinct.size() == 17);
    KeyFile open_file = KeyFile::create_unencrypted(random, noon);
    CHECK(derive(open_file, open_file.unlock(std::nullopt)).encryption == Encryption::none);
}

TEST_CASE("the file is saved for its owner alone and read back whole") {
    SeededRandom random(8);
    test::TemporaryDirectory directory;
    std::string path = directory / "repository";
    CHECK_FALSE(KeyFile::load(path));
    KeyFile file = make("x", random);
    file.save(path);
    struct stat status {};
    REQUIRE(::stat(path.c_str(), &status) == 0);
    CHECK((status.st_mode & 07777) == 0600);
    CHECK(KeyFile::load(path)->encode() == file.encode());

    replace_file(path, ByteView(file.encode()).first(100));
    CHECK_THAT(message_of([&] { KeyFile::load(path); }), Catch::StartsWith("load " + path));
    replace_file(path, {});
    CHECK(code_thrown_by([&] { KeyFile::load(path); }) == Errc::corrupt);
    replace_file(path, Bytes(1u << 20));
    CHECK(code_thrown_by([&] { KeyFile::load(path); }) == Errc::corrupt);
}

TEST_CASE("a new key file is text that opens a slot") {
    SeededRandom random(9);
    Credentials credentials{SlotKind::key_file, make_key_file(random)};
    std::string text(as_text(credentials.secret.view()));
    CHECK(text.size() == 65);
    CHECK(text.find_first_not_of("0123456789abcdef") == 64);
    CHECK(text.back() == '\n');
    CHECK_FALSE(equal(make_key_file(random).view(), as_bytes(text)));
    KeyFile file = KeyFile::create_encrypted({credentials, "", {}}, random, noon);
    CHECK(opens(file, credentials));
}
