// SPDX-License-Identifier: Apache-2.0
/// collect: `dry_run`. Events `progress`. The result says what was stored, live and given back.
#include <yore/upkeep/collect.h>

#include "command/fields.h"
#include "command/reporter.h"
#include "command/run.h"

namespace yore::command {
namespace {

upkeep::InUse in_use(Context& context) {
    upkeep::InUse in_use;
    in_use.references = context.in_use();
    context.mounts().each_known([&](const view::Node& node) {
        in_use.entries.push_back({node.leaf, node.place});
    });
    return in_use;
}

nlohmann::json describe(const upkeep::CollectProgress& progress) {
    return {{"phase", progress.phase},
            {"nodes", progress.nodes},
            {"chunks", progress.chunks},
            {"packs_done", progress.packs_done},
            {"packs_chosen", progress.packs_chosen}};
}

}  // namespace

nlohmann::json run_collect(Context& context, const Call& call) {
    Fields fields(call.request);
    upkeep::CollectOptions options;
    options.dry_run = fields.flag("dry_run");
    fields.done();
    Reporter reporter(call.output);
    options.in_use = [&] { return in_use(context); };
    options.progress = [&](const upkeep::CollectProgress& progress) {
        reporter.progress(describe(progress));
    };
    const auto turn = context.upkeep_turn(call.stop);
    const auto before = context.store().stats().backend_bytes;
    const auto done = upkeep::collect(context.store(), context.cache(), options, call.stop);
    nlohmann::json result{{"dry_run", options.dry_run},
                          {"packs", done.packs},
                          {"stored_bytes", done.stored_bytes},
                          {"live_bytes", done.live_bytes},
                          {"packs_dropped", done.packs_dropped},
                          {"bytes_dropped", done.bytes_dropped},
                          {"objects_copied", done.objects_copied},
                          {"bytes_copied", done.bytes_copied},
                          {"bytes_unused", done.bytes_unused},
                          {"repository_bytes_before", before},
                          {"packs_damaged", done.packs_damaged},
                          {"repository_bytes", context.store().stats().backend_bytes}};
    if (done.packs_damaged > 0) result["exit_code"] = static_cast<int>(ExitCode::damaged);
    return result;
}

}  // namespace yore::command
