// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/ingest/postgresql_follow.h>

#include <catch2/catch.hpp>

#include "ingest/postgresql/replication_messages.h"

using namespace yore;
using namespace yore::ingest;
using yore::postgresql::Lsn;

namespace {

Bytes bytes_of(std::initializer_list<unsigned> values) {
    Bytes bytes;
    for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
    return bytes;
}

/// One second after 2000 began, in microseconds.
const Bytes piece = bytes_of({'w', 0, 0, 0, 1, 0, 0, 0, 0x28, 0,    0,    0,   1,   0,
                              0,   2, 0, 0, 0, 0, 0, 0, 0x0f, 0x42, 0x40, 'l', 'o', 'g'});

std::optional<Errc> refusal(ByteView message) {
    try {
        parse_stream_message(message);
        return std::nullopt;
    } catch (const Error& error) {
        return error.code();
    }
}

}  // namespace

TEST_CASE("a piece of the log says where it begins and how far the server is") {
    const auto parsed = std::get<LogPiece>(parse_stream_message(piece));
    CHECK(postgresql::to_text(parsed.start) == "1/28");
    CHECK(postgresql::to_text(parsed.server_end) == "1/200");
    REQUIRE(parsed.sent);
    CHECK(to_rfc3339(*parsed.sent) == "2000-01-01T00:00:01Z");
    CHECK(as_text(parsed.bytes) == "log");
}

TEST_CASE("a sign of life may ask for a reply") {
    Bytes alive = bytes_of({'k', 0, 0, 0, 0, 3, 0, 0, 0x60, 0, 0, 0, 0, 0, 0, 0, 0, 1});
    auto parsed = std::get<Keepalive>(parse_stream_message(alive));
    CHECK(parsed.server_end == Lsn{0x3000060});
    CHECK(parsed.wants_reply);
    CHECK(to_rfc3339(*parsed.sent) == "2000-01-01T00:00:00Z");
    alive.back() = std::byte{0};
    for (std::size_t i = 9; i < 17; ++i) alive[i] = i == 9 ? std::byte{0x7f} : std::byte{0xff};
    parsed = std::get<Keepalive>(parse_stream_message(alive));
    CHECK_FALSE(parsed.wants_reply);
    CHECK_FALSE(parsed.sent);  // infinity
}

TEST_CASE("messages that are cut short or of no known kind break the protocol") {
    for (std::size_t size = 0; size < 25; ++size)
        CHECK(refusal(ByteView(piece).first(size)) == Errc::io);
    CHECK_FALSE(refusal(ByteView(piece).first(25)));
    CHECK(refusal(bytes_of({'z', 0, 0, 0, 0, 0, 0, 0, 0})) == Errc::io);
}

TEST_CASE("a report promises the same of what is written, flushed and applied") {
    const Bytes report = status_update({0x100000028}, Timestamp::from_seconds(946'684'801));
    const Bytes expected =
        bytes_of({'r', 0, 0, 0, 1, 0, 0, 0,    0x28, 0, 0, 0, 1, 0,    0,    0,    0x28,
                  0,   0, 0, 1, 0, 0, 0, 0x28, 0,    0, 0, 0, 0, 0x0f, 0x42, 0x40, 0});
    CHECK(report == expected);
}

TEST_CASE("a slot is named as its source, as far as slots may be") {
    CHECK(replication_slot_name("orders") == "yore_orders");
    const auto upper = replication_slot_name("Orders"), other = replication_slot_name("orders.");
    CHECK(upper.starts_with("yore_orders_"));
    CHECK(other.starts_with("yore_orders__"));
    CHECK(upper != replication_slot_name("ORDERS"));
    const auto longest = replication_slot_name(std::string(100, 'a'));
    CHECK(longest.size() == 63);
    CHECK(longest != replication_slot_name(std::string(99, 'a')));
}

TEST_CASE("a server that cannot be reached is tried ever more seldom") {
    CHECK(reconnect_delay(1) == seconds(1));
    CHECK(reconnect_delay(3) == seconds(4));
    CHECK(reconnect_delay(6) == seconds(30));
    CHECK(reconnect_delay(1000) == seconds(30));
}
