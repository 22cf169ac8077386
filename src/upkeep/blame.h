// SPDX-License-Identifier: Apache-2.0
/// Who needs what is damaged: every path, with the snapshots in which it does.
///
/// A directory below which nothing is damaged is walked once, however many snapshots share it; so
/// the cost is that of the distinct nodes, and of the ways to what is damaged.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>

#include <stop_token>

#include "upkeep/report.h"

namespace yore::upkeep {

/// Tells `on_need` of the options what the report's damage is needed by. What cannot be read on the
/// way is in the report already. Stopped: `cancelled`.
void blame(const catalog::Catalog&, const store::ObjectCache&, const Report&,
           const std::stop_token&);

}  // namespace yore::upkeep
