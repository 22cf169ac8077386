// SPDX-License-Identifier: Apache-2.0
/// All packs of a store, one after the other. Errors name the pack.
#pragma once

#include <yore/format/pack_index.h>
#include <yore/format/tables.h>

#include <cstdint>
#include <functional>

#include "store/store_state.h"

namespace yore::store {

/// In the order of their numbers; `visit` returns false to stop.
void visit_packs(const StoreState&,
                 const std::function<bool(std::uint64_t, const format::PackRow&)>& visit);

}  // namespace yore::store
