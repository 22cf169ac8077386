// SPDX-License-Identifier: Apache-2.0
#include "catalog/keys.h"

#include <yore/base/error.h>

namespace yore::catalog {
namespace {

constexpr std::byte counters_letter{'c'}, source_letter{'s'}, snapshot_letter{'n'};
constexpr std::int64_t seconds_max = 9'223'372'035;  // what a Timestamp holds, rounded towards 0
constexpr std::uint64_t sign_bit = std::uint64_t{1} << 63;

template <typename Unsigned>
void put(Bytes& key, Unsigned value) {
    for (unsigned shift = 8 * sizeof value; shift > 0; shift -= 8)
        key.push_back(static_cast<std::byte>(value >> (shift - 8)));
}
void put_signed(Bytes& key, std::int64_t value) {
    put(key, static_cast<std::uint64_t>(value) ^ sign_bit);
}

/// Takes numbers off the front; the caller has checked the length.
class KeyReader {
  public:
    explicit KeyReader(ByteView rest) : rest_(rest) {}
    std::uint64_t take(std::size_t byte_count) {
        std::uint64_t value = 0;
        for (std::byte b : rest_.first(byte_count))
            value = value << 8 | std::to_integer<unsigned>(b);
        rest_ = rest_.subspan(byte_count);
        return value;
    }
    std::int64_t take_signed() { return static_cast<std::int64_t>(take(8) ^ sign_bit); }

  private:
    ByteView rest_;
};

KeyReader open_key(ByteView key, std::byte letter, std::size_t byte_count) {
    if (key.size() != byte_count || key[0] != letter)
        throw Error(Errc::corrupt, fmt::format("catalog key {}: not of its type", to_hex(key)));
    return KeyReader(key.subspan(1));
}

}  // namespace

Bytes counters_key() {
    return {counters_letter};
}

Bytes sources_prefix() {
    return {source_letter};
}

Bytes source_key(std::uint32_t source) {
    Bytes key{source_letter};
    put(key, source);
    return key;
}

Bytes snapshots_prefix(std::uint32_t source) {
    Bytes key{snapshot_letter};
    put(key, source);
    return key;
}

Bytes snapshot_key(const SnapshotKey& snapshot) {
    Bytes key = snapshots_prefix(snapshot.source);
    put_signed(key, snapshot.name.second);
    put(key, snapshot.name.ordinal);
    put_signed(key, snapshot.ended.ns);
    return key;
}

std::uint32_t parse_source_key(ByteView key) {
    return static_cast<std::uint32_t>(open_key(key, source_letter, 1 + 4).take(4));
}

SnapshotKey parse_snapshot_key(ByteView key) {
    KeyReader reader = open_key(key, snapshot_letter, 1 + 4 + 8 + 4 + 8);
    SnapshotKey snapshot;
    snapshot.source = static_cast<std::uint32_t>(reader.take(4));
    snapshot.name.second = reader.take_signed();
    snapshot.name.ordinal = static_cast<std::uint32_t>(reader.take(4));
    snapshot.ended.ns = reader.take_signed();
    const std::int64_t second = snapshot.name.second;
    if (snapshot.name.ordinal < 1 || snapshot.name.ordinal > SnapshotName::ordinal_max ||
        second < -seconds_max || second > seconds_max)
        throw Error(Errc::corrupt, fmt::format("catalog key {}: out of range", to_hex(key)));
    return snapshot;
}

}  // namespace yore::catalog
