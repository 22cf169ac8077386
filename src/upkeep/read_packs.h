// SPDX-License-Identifier: Apache-2.0
/// Level 2 of verify: reads, opens and hashes what lies in packs, on all cores.
#pragma once

#include <yore/store/object_cache.h>
#include <yore/upkeep/verify.h>

#include <stop_token>

#include "upkeep/report.h"

namespace yore::upkeep {

/// Damage goes to the report. Stopped: `cancelled`; what was read until then is noted.
PacksRead read_packs(store::Store&, const store::ObjectCache&, const VerifyOptions&, Report&,
                     const std::stop_token&);

}  // namespace yore::upkeep
