// SPDX-License-Identifier: Apache-2.0
#include "command/source_slots.h"

#include <yore/base/error.h>
#include <yore/catalog/log.h>
#include <yore/command/text.h>
#include <yore/ingest/postgresql_follow.h>

#include <algorithm>

namespace yore::command {

bool may_have_slot(const catalog::Catalog& catalog, const catalog::Source& source) {
    if (source.kind != catalog::SourceKind::postgresql) return false;
    const auto tails = catalog.store().tails();
    return !catalog::Logs(catalog.store()).incarnations(source.id).empty() ||
           std::ranges::count(tails, source.id, &store::TailId::source) > 0;
}

void drop_slot(const catalog::Source& source, nlohmann::json& result,
               const std::function<void()>& drop) {
    result["slot"] = ingest::replication_slot_name(source.name);
    try {
        drop();
    } catch (const Error& error) {
        put_bytes(result, "slot_failure", error.what());
    }
}

}  // namespace yore::command
