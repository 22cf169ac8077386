// SPDX-License-Identifier: Apache-2.0
/// The replication slots of a source, when hosts are no longer its own.
#pragma once

#include <yore/catalog/catalog.h>

#include <functional>

#include <nlohmann/json.hpp>

namespace yore::command {

/// Of a cluster whose log is stored.
bool may_have_slot(const catalog::Catalog&, const catalog::Source&);

/// Puts `slot` into the result, its name, and `slot_failure` when `drop` fails: it may be there
/// still.
void drop_slot(const catalog::Source&, nlohmann::json& result, const std::function<void()>& drop);

}  // namespace yore::command
