// SPDX-License-Identifier: Apache-2.0
/// Records as JSON, one form for every command.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/tree/directory.h>

#include <nlohmann/json.hpp>

namespace yore::command {

std::string_view name_of(tree::FileKind);

nlohmann::json describe(const catalog::Source&);
/// Without its problems.
nlohmann::json describe(const catalog::Snapshot&, const std::string& source_name);
nlohmann::json describe(const catalog::Problem&);
nlohmann::json describe(const tree::Totals&);
/// Attributes, link target, totals; without a name.
nlohmann::json describe(const tree::EntryView&);

}  // namespace yore::command
