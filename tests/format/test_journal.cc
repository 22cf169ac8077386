// SPDX-License-Identifier: Apache-2.0
#include <yore/format/journal.h>

#include <algorithm>

#include "golden.h"

using namespace yore;
using namespace yore::format;

namespace {

using Kind = JournalRecord::Kind;

Journal example() {
    return {{7},
            {{Kind::put, {1'795'226'400'000'000'001}, {"a/b", "c"}},
             {Kind::update, {1'795'226'400'500'000'000}, {""}},
             {Kind::remove, {1'795'226'399'000'000'000}, {"d"}},
             {Kind::move, {-1}, {"e", "f/\xff"}}}};
}

std::optional<Errc> refusal_of(const Journal& journal) {
    return test::code_thrown_by([&] { encode(journal); });
}
std::optional<Errc> refusal_of(const JournalRecord& record) {
    return refusal_of(Journal{{0}, {record}});
}

/// A journal whose one path is this, whether it may be or not.
Bytes with_path(std::string_view path) {
    Bytes bytes = encode(Journal{{0}, {{Kind::put, {}, {std::string(path.size(), 'x')}}}});
    std::ranges::copy(as_bytes(path), bytes.end() - static_cast<std::ptrdiff_t>(path.size()));
    return bytes;
}

}  // namespace

TEST_CASE("A journal has its golden bytes") {
    const Bytes golden = test::from_hex(
        "594a4c31 00000000 0700000000000000 04000000"
        "01 01406737e6ece918 0200 0300 612f62 0100 63"
        "02 00a53455e6ece918 0100 0000"
        "03 0076ccfbe5ece918 0100 0100 64"
        "04 ffffffffffffffff 0200 0100 65 0300 662fff");
    CHECK(encode(example()) == golden);
    CHECK(decode_journal(golden) == example());
    std::size_t bytes = journal_header_bytes;
    for (const JournalRecord& record : example().records) bytes += journal_bytes(record);
    CHECK(bytes == golden.size());
    CHECK(example().end() == LogPosition{11});
}

TEST_CASE("Names of journal entries sort by position") {
    CHECK(journal_name({0x1f}) == "000000000000001f");
    CHECK(journal_name({0xff}) < journal_name({0x100}));
    CHECK(parse_journal_name("000000000000001f") == LogPosition{0x1f});
    for (const char* other :
         {"", "1f", "000000000000001F", "-00000000000001f", "000000000000001f0"})
        CHECK(!parse_journal_name(other));
}

TEST_CASE("Records that mean nothing are refused when they are written") {
    CHECK(refusal_of(Journal{{0}, {}}) == Errc::invalid);
    CHECK(refusal_of(JournalRecord{Kind::put, {}, {}}) == Errc::invalid);
    CHECK(refusal_of(JournalRecord{Kind::move, {}, {"a"}}) == Errc::invalid);
    CHECK(refusal_of(JournalRecord{Kind::move, {}, {"a", "b", "c"}}) == Errc::invalid);
    CHECK(refusal_of(JournalRecord{Kind::remove, {}, {""}}) == Errc::invalid);
    CHECK(refusal_of(JournalRecord{Kind::move, {}, {"", "b"}}) == Errc::invalid);
    for (const std::string path : {"/a", "a/", "a//b", ".", "a/..", "a/../b", "./a"})
        CHECK(refusal_of(JournalRecord{Kind::put, {}, {path}}) == Errc::invalid);
    CHECK(refusal_of(JournalRecord{Kind::put, {}, {std::string(256, 'x')}}) == Errc::invalid);
    CHECK(refusal_of(JournalRecord{Kind::put, {}, {std::string(255, 'x')}}) == std::nullopt);
    const JournalRecord record{Kind::remove, {}, {std::string(100, 'x')}};
    CHECK(refusal_of(Journal{{0}, std::vector(journal_records_max, record)}) == Errc::invalid);
    CHECK(refusal_of(Journal{{~std::uint64_t{0}}, {record}}) == Errc::invalid);
}

TEST_CASE("Stored paths that cannot be are corrupt") {
    CHECK_NOTHROW(decode_journal(with_path("a/b")));
    for (const std::string_view path : {"/ab", "a//", "../", "a/.", ".", "..", "a/..", "./a"}) {
        CAPTURE(path);
        CHECK(test::code_thrown_by([&] { decode_journal(with_path(path)); }) == Errc::corrupt);
    }
    const std::string_view with_nul("a\0b", 3);
    CHECK(test::code_thrown_by([&] { decode_journal(with_path(with_nul)); }) == Errc::corrupt);
}

TEST_CASE("A damaged journal is refused, or is another journal") {
    const Bytes sound = encode(example());
    for (std::size_t size = 0; size < sound.size(); ++size)
        CHECK(test::code_thrown_by([&] { decode_journal(ByteView(sound).first(size)); }) ==
              Errc::corrupt);
    Bytes longer = sound;
    longer.push_back(std::byte{0});
    CHECK(test::code_thrown_by([&] { decode_journal(longer); }) == Errc::corrupt);
    for (std::size_t at = 0; at < sound.size(); ++at)
        for (unsigned bit = 0; bit < 8; ++bit) {
            Bytes damaged = sound;
            damaged[at] ^= static_cast<std::byte>(1u << bit);
            try {
                const Journal other = decode_journal(damaged);
                CHECK(other != example());
                CHECK(encode(other) == damaged);
            } catch (const Error& error) {
                CHECK((error.code() == Errc::corrupt || error.code() == Errc::unsupported));
            }
        }
}
