// SPDX-License-Identifier: Apache-2.0
#include <map>

#include "catalog/verified_records.h"
#include "golden_files.h"
#include "memory_store.h"

using namespace yore;
using namespace yore::catalog;
using namespace yore::test;

namespace {

VerifiedRecord example() {
    return {.last = 300, .reading = {{1'795'226'400'000'000'001}, CommitNumber{17}}};
}

PackReading reading(std::int64_t second, std::uint64_t as_of = 100) {
    return {Timestamp::from_seconds(second), CommitNumber{as_of}};
}

store::PackInfo pack(std::uint64_t number, std::uint64_t since = 1) {
    return {.number = number, .stored_bytes = 10, .reachable_since = CommitNumber{since}};
}

}  // namespace

TEST_CASE("the record of verified packs has the bytes of its golden file, and is read") {
    CHECK(to_hex(verified_key(258)) == golden("verified-key-1.hex"));
    CHECK(to_hex(encode(example())) == golden("verified-1.hex"));
    CHECK(parse_verified_key(from_hex(golden("verified-key-1.hex"))) == 258);
    CHECK(decode_verified(258, from_hex(golden("verified-1.hex"))) == example());
}

TEST_CASE("a damaged record of verified packs is refused") {
    survives_damage(encode(example()), [](const Bytes& bytes) { decode_verified(258, bytes); });
    CHECK(code_thrown_by([] { decode_verified(301, encode(example())); }) == Errc::corrupt);
    CHECK(code_thrown_by([] { parse_verified_key(Bytes{std::byte{'v'}}); }) == Errc::corrupt);
}

TEST_CASE("what a run reads pack by pack is one record, also over numbers that no pack has") {
    VerifiedPacks verified;
    verified.note({0, 1}, reading(5));
    verified.note({2, 7}, reading(5));
    verified.note({8, 8}, reading(5));
    CHECK(verified.changes().size() == 1);
    CHECK(verified.read_at(pack(8)) == Timestamp::from_seconds(5));
    CHECK(verified.read_at(pack(9)) == std::nullopt);
    verified.were_committed();
    CHECK(verified.changes().empty());
    verified.note({0, 3}, reading(9));  // the next run takes the first ones over
    CHECK(verified.changes().size() == 2);
    CHECK(verified.read_at(pack(3)) == Timestamp::from_seconds(9));
    CHECK(verified.read_at(pack(4)) == Timestamp::from_seconds(5));
}

TEST_CASE("a pack that came later under a number that was read is not verified") {
    VerifiedPacks verified;
    verified.note({1, 9}, reading(5, 50));
    CHECK(verified.read_at(pack(4, 50)).has_value());
    CHECK(verified.read_at(pack(4, 51)) == std::nullopt);
}

TEST_CASE("ranges of which no pack is left are forgotten") {
    VerifiedPacks verified;
    verified.note({1, 9}, reading(5));
    verified.note({20, 29}, reading(6));
    verified.were_committed();
    const std::vector<store::PackInfo> left{pack(10), pack(25)};
    verified.forget_gone(left);
    const auto changes = verified.changes();
    REQUIRE(changes.size() == 1);
    CHECK(changes[0].key == verified_key(1));
    CHECK_FALSE(changes[0].value);
}

TEST_CASE("ranges say of each pack what was noted of it last, and come back from their records") {
    CAPTURE(test_seed());
    SeededRandom random(test_seed());
    MemoryStore memory;
    VerifiedPacks verified;
    std::map<std::uint64_t, PackReading> expected;
    for (std::int64_t run = 1; run <= 200; ++run) {
        const std::uint64_t first = random.below(40);
        const std::uint64_t last = first + random.below(10);
        const PackReading now = reading(run / 3);
        verified.note({first, last}, now);
        for (std::uint64_t number = first; number <= last; ++number) expected[number] = now;
        if (random.below(4) == 0) {
            memory.store.commit(verified.changes());
            verified = VerifiedPacks::load(memory.store);
            REQUIRE(verified.changes().empty());
        }
        for (std::uint64_t number = 0; number < 50; ++number) {
            const auto known = expected.find(number);
            const auto wanted =
                known == expected.end() ? std::nullopt : std::optional(known->second.began);
            REQUIRE(verified.read_at(pack(number)) == wanted);
        }
    }
}

TEST_CASE("the summary tells what was never read, what lately, and since when all that was") {
    VerifiedPacks verified;
    const std::vector<store::PackInfo> packs{pack(1), pack(2), pack(3), pack(4)};
    constexpr std::int64_t day = 86'400;
    const Timestamp now = Timestamp::from_seconds(1000 * day);
    CHECK(summarize(verified, packs, now).never_bytes == 40);
    CHECK_FALSE(summarize(verified, packs, now).oldest);
    verified.note({1, 1}, reading(1000 * day - 3600));
    verified.note({2, 3}, reading(980 * day));
    const VerifiedSummary sum = summarize(verified, packs, now);
    CHECK(sum.bytes == 40);
    CHECK(sum.never_bytes == 10);
    CHECK(sum.bytes_within == std::array<std::uint64_t, 4>{10, 10, 30, 30});
    CHECK(sum.oldest == Timestamp::from_seconds(980 * day));
}
