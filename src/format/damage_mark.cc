// SPDX-License-Identifier: Apache-2.0
#include <yore/format/damage_mark.h>
#include <yore/format/wire.h>

#include <algorithm>

namespace yore::format {
namespace {

constexpr std::uint8_t damage_letter = 'd';
constexpr std::uint8_t mark_version = 1;

}  // namespace

Bytes damage_prefix() {
    return Encoder().put(damage_letter).take();
}

Bytes damage_key(Domain domain, const ObjectId& id) {
    return Encoder().put(damage_letter).put(static_cast<std::uint8_t>(domain)).bytes(id).take();
}

Bytes encode_damage_mark(const DamageMark& mark) {
    return Encoder()
        .put(mark_version)
        .put(static_cast<std::uint8_t>(mark.state))
        .put(static_cast<std::uint64_t>(mark.found.ns))
        .take();
}

DamageMark decode_damage_mark(ByteView key, ByteView value) {
    DamageMark mark;
    Decoder name(key);
    if (name.get<std::uint8_t>() != damage_letter)
        throw Error(Errc::corrupt, "its key is of another kind");
    mark.domain = decode_enum(name, Domain::chunk, Domain::node, "domain");
    std::ranges::copy(name.bytes(mark.id.size()), mark.id.begin());
    name.expect_end();
    Decoder record(value);
    if (record.get<std::uint8_t>() != mark_version)
        throw Error(Errc::corrupt, "its version is unknown");
    mark.state = decode_enum(record, DamageState::damaged, DamageState::stored_anew, "state");
    mark.found = {static_cast<std::int64_t>(record.get<std::uint64_t>())};
    record.expect_end();
    return mark;
}

}  // namespace yore::format
