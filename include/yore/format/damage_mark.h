// SPDX-License-Identifier: Apache-2.0
/// The store's own record: an object was found damaged. Kept among the catalog's records, so that
/// the commit log carries it.
///
///     key     "d"   1 domain   32 object id
///     value   1 version = 1   1 state (1 damaged, 2 stored anew)   8 found at (ns since 1970)
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>
#include <yore/format/ids.h>
#include <yore/format/tables.h>

namespace yore::format {

enum class DamageState : std::uint8_t {
    damaged = 1,
    stored_anew = 2,  ///< by a later commit: what needed it is whole again
};
struct DamageMark {
    Domain domain = Domain::chunk;
    ObjectId id{};
    DamageState state = DamageState::damaged;
    Timestamp found;
    bool operator==(const DamageMark&) const = default;
};

Bytes damage_prefix();
Bytes damage_key(Domain, const ObjectId&);
Bytes encode_damage_mark(const DamageMark&);
/// Not such a record: `corrupt`.
DamageMark decode_damage_mark(ByteView key, ByteView value);

}  // namespace yore::format
