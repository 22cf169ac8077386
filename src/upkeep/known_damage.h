// SPDX-License-Identifier: Apache-2.0
/// What earlier verifies found damaged, and what became of it.
#pragma once

#include <yore/store/object_cache.h>

#include "upkeep/report.h"

namespace yore::upkeep {

/// Reads what is marked as damaged and is not in the report yet: it is damaged still, or whole
/// again, which is told once. At both levels: so every verify tells of damage until it is mended.
void check_known_damage(store::Store&, const store::ObjectCache&, Report&, const std::stop_token&);

}  // namespace yore::upkeep
