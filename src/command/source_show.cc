// SPDX-License-Identifier: Apache-2.0
/// source-show: `name`. The result is the source, with `snapshots`, `latest`, `sent` (of a cluster:
/// the newest snapshot that a server sent, null: none) and `proof`: what level 3 of verify found
/// last of it (prove.h; null: it never tried).
#include <yore/base/error.h>

#include "command/describe.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/prove.h"
#include "command/run.h"
#include "command/sent_backup.h"

namespace yore::command {

nlohmann::json run_source_show(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("name");
    fields.done();
    const auto source = find_source(context.catalog(), name);
    auto result = describe(source);
    result["snapshots"] = context.catalog().snapshot_names(source.id).size();
    const auto latest = context.catalog().latest(source.id);
    result["latest"] = latest ? describe(*latest, source.name) : nlohmann::json();
    if (source.kind == catalog::SourceKind::postgresql) {
        const auto sent = newest_sent_backup(context.catalog(), source.id);
        result["sent"] = sent ? nlohmann::json(sent->name.text()) : nlohmann::json();
    }
    result["proof"] = nullptr;
    if (const auto proof = catalog::load_proof(context.store(), source.id)) {
        result["proof"] = describe(*proof);
        result["proof"]["source"] = source.name;
    }
    return result;
}

}  // namespace yore::command
