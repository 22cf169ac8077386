// SPDX-License-Identifier: Apache-2.0
/// source-remove: `name`, `purge` (the name again, when its snapshots are to go too). The result
/// has `gone`: nothing is left of it; else its snapshots are kept under its policy. Of a cluster
/// whose log is stored, the replication slot is dropped, which would keep the server's log for
/// ever: `slot`, and `slot_failure` when it may be there still.
#include <yore/base/error.h>
#include <yore/ingest/postgresql_follow.h>

#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/source_slots.h"

namespace yore::command {
namespace {

nlohmann::json remove(catalog::Catalog& catalog, const std::string& name,
                      const std::optional<std::string>& purge, Timestamp now) {
    if (!purge) return {{"name", name}, {"gone", catalog.remove_source(name, now)}};
    if (*purge != name)
        throw Error(Errc::invalid, fmt::format("{} is not {}: nothing was removed", *purge, name),
                    {"what is to be purged is named twice"});
    return {{"name", name}, {"gone", true}, {"snapshots", catalog.purge_source(name, now)}};
}

}  // namespace

nlohmann::json run_source_remove(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("name");
    const auto purge = fields.optional_text("purge");
    fields.done();
    auto& catalog = context.catalog();
    const auto source = find_source(catalog, name);
    const bool has_slot = may_have_slot(catalog, source);
    auto result = remove(catalog, name, purge, context.clock().now());
    // Who rests goes on, finds that it is gone, and ends.
    if (context.followers().paused_since(source.id)) context.followers().resume(source);
    if (has_slot)
        drop_slot(source, result, [&] { ingest::drop_replication_slot(source, call.stop); });
    return result;
}

}  // namespace yore::command
