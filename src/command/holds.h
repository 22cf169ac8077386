// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <yore/catalog/catalog.h>

#include <string>

#include <nlohmann/json.hpp>

namespace yore::command {

/// `hold`, `source`, `what` (a snapshot's name, a moment, or FROM..TO), `created`, `until`,
/// `reason`; of one that a clone needs, `clone`: its name.
nlohmann::json describe(const catalog::Hold&, const std::string& source_name);

}  // namespace yore::command
