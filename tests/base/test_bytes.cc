// SPDX-License-Identifier: Apache-2.0
#include <yore/base/bytes.h>
#include <yore/base/guarded.h>
#include <yore/base/random.h>

#include <algorithm>
#include <map>
#include <thread>

#include <catch2/catch.hpp>

using namespace yore;

TEST_CASE("hexadecimal has two lower-case digits a byte") {
    CHECK(to_hex(as_bytes(std::string("\x00\x7f\xff\x0a", 4))) == "007fff0a");
    CHECK(to_hex({}).empty());
}

TEST_CASE("views are equal when their bytes are") {
    CHECK(equal(as_bytes("abc"), to_bytes(as_bytes("abc"))));
    CHECK_FALSE(equal(as_bytes("abc"), as_bytes("abd")));
    CHECK_FALSE(equal(as_bytes("abc"), as_bytes("ab")));
    CHECK(equal({}, {}));
    CHECK(as_text(as_bytes("text")) == "text");
}

TEST_CASE("a buffer keeps its capacity when it is made smaller") {
    Buffer buffer = Buffer::copy_of(as_bytes("0123456789"));
    CHECK(as_text(buffer) == "0123456789");
    buffer.resize_within(4);
    CHECK(as_text(buffer) == "0123");
    CHECK(buffer.capacity() == 10);
    buffer.resize_within(10);
    CHECK(as_text(buffer) == "0123456789");
    Buffer moved = std::move(buffer);
    CHECK(moved.span().size() == 10);
    CHECK(Buffer().empty());
}

TEST_CASE("a seed always gives the same bytes") {
    // xoshiro256** after splitmix64 of 42, computed by an independent program.
    SeededRandom random(42);
    CHECK(random.next() == 0x15780b2e0c2ec716);
    CHECK(random.next() == 0x6104d9866d113a7e);
    CHECK(random.next() == 0xae17533239e499a1);

    SeededRandom words(42);
    Bytes bytes(11);
    SeededRandom(42).fill(bytes);
    CHECK(to_hex(bytes) == "16c72e0c2e0b78157e3a11");
    SeededRandom other(43);
    CHECK(other.next() != words.next());
}

TEST_CASE("numbers below a bound are even and stay below it") {
    SeededRandom random(7);
    std::map<std::uint64_t, int> counts;
    for (int i = 0; i < 60'000; ++i) ++counts[random.below(6)];
    REQUIRE(counts.size() == 6);
    CHECK(counts.rbegin()->first == 5);
    for (auto [value, count] : counts) CHECK((count > 9'500 && count < 10'500));
    CHECK(random.below(1) == 0);
}

TEST_CASE("the system's randomness fills all of a buffer, and differs each time") {
    SystemRandom random;
    Bytes first(1'000'003), second(1'000'003);
    random.fill(first);
    random.fill(second);
    CHECK_FALSE(equal(first, second));
    auto zeros = std::count(first.begin(), first.end(), std::byte{0});
    CHECK((zeros > 3'000 && zeros < 5'000));  // 3,906 expected; a part left out would add to it
    CHECK_FALSE(equal(ByteView(first).last(16), Bytes(16)));
    random.fill({});
}

TEST_CASE("guarded data is touched by one thread at a time") {
    Guarded<std::uint64_t> counter(0);
    auto count = [&] {
        for (int i = 0; i < 20'000; ++i) counter.with([](std::uint64_t& value) { ++value; });
    };
    { std::jthread one(count), two(count), three(count); }
    const auto& constant = counter;
    CHECK(constant.with([](const std::uint64_t& value) { return value; }) == 60'000);
}
