// SPDX-License-Identifier: Apache-2.0
/// Sources that are not followed until somebody resumes it, and since when. Kept over restarts.
#pragma once

#include <yore/base/time.h>
#include <yore/store/store.h>

#include <cstdint>
#include <map>

namespace yore::catalog {

/// By the source's id. Safe from any thread; reads the store. What cannot be read is left out.
std::map<std::uint32_t, Timestamp> load_follow_pauses(const store::Store&);
store::RecordChange put_follow_pause(std::uint32_t source, Timestamp since);
store::RecordChange remove_follow_pause(std::uint32_t source);

}  // namespace yore::catalog
