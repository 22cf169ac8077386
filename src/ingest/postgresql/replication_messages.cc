// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/replication_messages.h"

#include <yore/base/error.h>

#include <bit>
#include <limits>

namespace yore::ingest {
namespace {

using postgresql::Lsn;

constexpr std::int64_t ns_per_us = 1000;
constexpr std::int64_t us_of_2000 = 946'684'800'000'000;

class BigEndian {
  public:
    explicit BigEndian(ByteView bytes) : rest_(bytes) {}
    std::uint64_t number() {
        const ByteView field = take(sizeof(std::uint64_t));
        std::uint64_t value = 0;
        for (const std::byte byte : field)
            value = value << 8 | std::to_integer<std::uint64_t>(byte);
        return value;
    }
    char letter() { return std::to_integer<char>(take(1).front()); }
    ByteView rest() const { return rest_; }

  private:
    ByteView take(std::size_t size) {
        if (rest_.size() < size)
            throw Error(Errc::io, "the server broke the protocol of streaming: a short message");
        const ByteView field = rest_.first(size);
        rest_ = rest_.subspan(size);
        return field;
    }
    ByteView rest_;
};

std::optional<Timestamp> time_of(std::uint64_t us_since_2000) {
    constexpr std::int64_t us_max = std::numeric_limits<std::int64_t>::max() / ns_per_us;
    const auto us = std::bit_cast<std::int64_t>(us_since_2000);
    if (us < -us_max || us > us_max - us_of_2000) return std::nullopt;
    return Timestamp{(us + us_of_2000) * ns_per_us};
}

void put(Bytes& message, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8)
        message.push_back(static_cast<std::byte>(value >> shift));
}

}  // namespace

StreamMessage parse_stream_message(ByteView message) {
    BigEndian fields(message);
    switch (fields.letter()) {
        case 'w': {
            LogPiece piece;
            piece.start = Lsn{fields.number()};
            piece.server_end = Lsn{fields.number()};
            piece.sent = time_of(fields.number());
            piece.bytes = fields.rest();
            return piece;
        }
        case 'k': {
            Keepalive alive;
            alive.server_end = Lsn{fields.number()};
            alive.sent = time_of(fields.number());
            alive.wants_reply = fields.letter() != '\0';
            return alive;
        }
        default:
            throw Error(Errc::io, "the server broke the protocol of streaming: an unknown message");
    }
}

Bytes status_update(Lsn durable, Timestamp now) {
    Bytes message{std::byte{'r'}};
    for (int promise = 0; promise < 3; ++promise) put(message, durable.value);
    put(message, std::bit_cast<std::uint64_t>(now.ns / ns_per_us - us_of_2000));
    message.push_back(std::byte{0});  // asks for no reply
    return message;
}

}  // namespace yore::ingest
