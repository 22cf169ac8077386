// SPDX-License-Identifier: Apache-2.0
#include <limits>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include "../support.h"
#include "tree/column.h"

using namespace yore;
using namespace yore::tree;

namespace {

using Rows = std::vector<std::uint64_t>;

struct Encoded {
    fb::Column stored;
    std::vector<std::uint8_t> deltas;
    Column column;
};

Encoded encode(const Rows& rows) {
    Encoded encoded;
    encoded.stored = encode_column(rows, encoded.deltas);
    const auto* deltas = reinterpret_cast<const std::byte*>(encoded.deltas.data());
    encoded.column = Column(encoded.stored, deltas);
    return encoded;
}
void check_round_trip(const Rows& rows) {
    const Encoded encoded = encode(rows);
    RC_ASSERT(encoded.deltas.size() == encoded.stored.width() * rows.size());
    Rows decoded(rows.size());
    encoded.column.decode(decoded);
    RC_ASSERT(decoded == rows);
    for (std::uint32_t row = 0; row < rows.size(); ++row) {
        RC_ASSERT(encoded.column.at(row) == rows[row]);
    }
}
unsigned width_of(const Rows& rows) {
    return encode(rows).stored.width();
}

}  // namespace

TEST_CASE("columns give back what was put in") {
    CHECK(rc::check("any rows", [](const Rows& rows) { check_round_trip(rows); }));
    CHECK(rc::check("rows near a line", [](std::uint64_t base, std::int32_t slope,
                                           const std::vector<std::uint16_t>& off) {
        Rows rows;
        for (const std::uint16_t rest : off) {
            const auto line = static_cast<std::uint64_t>(std::int64_t{slope});
            rows.push_back(base + line * rows.size() + rest);
        }
        check_round_trip(rows);
    }));
    const auto extreme = rc::gen::container<Rows>(rc::gen::element<std::uint64_t>(
        0, 1, INT64_MAX, 1ull << 63, UINT64_MAX, UINT64_MAX - 1, UINT32_MAX, 1ull << 32));
    CHECK(rc::check("rows at the bounds", [&] { check_round_trip(*extreme); }));
}

TEST_CASE("columns take the bytes that their rows need") {
    CHECK(width_of({}) == 0);
    CHECK(width_of({7, 7, 7, 7}) == 0);
    CHECK(width_of({100, 101, 102, 103}) == 0);
    CHECK(width_of({100, 98, 96}) == 0);
    CHECK(width_of({1000, 1255, 1000}) == 1);
    CHECK(width_of({1000, 1256, 1000}) == 2);
    CHECK(width_of({0, 65'536, 0}) == 4);
    CHECK(width_of({0, UINT64_MAX}) == 1);  // -1 and 0
    CHECK(width_of({0, 1ull << 32, 0}) == 8);
    // A line helps only where it makes the width smaller.
    CHECK(encode({5, 9, 6, 8}).stored.slope() == 0);
    CHECK(encode({0, 1000, 2001, 3000}).stored.slope() == 1000);
    CHECK(encode({0, 1ull << 40, 1ull << 41}).stored.slope() == 0);
}

TEST_CASE("a column of zeros is left out") {
    CHECK(if_any(encode({0, 0, 0}).stored) == nullptr);
    const Encoded ones = encode({1, 1, 1});
    CHECK(if_any(ones.stored) == &ones.stored);
    CHECK(Column().at(17) == 0);
    CHECK(Column().before(0) == 0);
}

TEST_CASE("columns are taken out of their values in order") {
    flatbuffers::FlatBufferBuilder builder;
    std::vector<std::uint8_t> values;
    const fb::Column first = encode_column(Rows{1, 2, 9}, values);
    const fb::Column second = encode_column(Rows{500, 1, 70'000}, values);
    builder.Finish(builder.CreateVector(values));
    const auto* stored =
        flatbuffers::GetRoot<flatbuffers::Vector<std::uint8_t>>(builder.GetBufferPointer());
    ColumnSource source(stored);
    Column column;
    REQUIRE(source.take(&first, 3, column));
    CHECK(column.at(2) == 9);
    CHECK_FALSE(source.empty());
    SECTION("the next one fits exactly") {
        REQUIRE(source.take(&second, 3, column));
        CHECK(column.at(2) == 70'000);
        CHECK(column.before(2) == 1);
        CHECK(source.empty());
        REQUIRE(source.take(nullptr, 1'000'000, column));
        CHECK(column.at(999'999) == 0);
    }
    SECTION("more rows than there are bytes are refused") {
        CHECK_FALSE(source.take(&second, 4, column));
        CHECK_FALSE(source.take(&second, std::numeric_limits<std::uint32_t>::max(), column));
    }
    SECTION("widths that are none are refused") {
        for (unsigned width : {3u, 5u, 6u, 7u, 9u, 16u, 255u}) {
            const fb::Column odd(0, 0, static_cast<std::uint8_t>(width));
            CHECK_FALSE(source.take(&odd, 0, column));
        }
    }
}
