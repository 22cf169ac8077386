// SPDX-License-Identifier: Apache-2.0
/// The records of paused followers (src/format/catalog.fbs), and their keys.
///
///     'f' source          it is not followed until that is resumed
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/time.h>

#include <cstdint>

namespace yore::catalog {

Bytes follow_pauses_prefix();
Bytes follow_pause_key(std::uint32_t source);
/// Another length or letter: `corrupt`.
std::uint32_t parse_follow_pause_key(ByteView);
Bytes encode_follow_pause(Timestamp since);
/// Not such a record: `corrupt`.
Timestamp decode_follow_pause(ByteView);

}  // namespace yore::catalog
