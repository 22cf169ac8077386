// SPDX-License-Identifier: Apache-2.0
/// clone-snapshot: `clone`, `as` (the source that the snapshot is of; absent: one of the clone's
/// name), `tags`. What a program in the clone changes waits until its tree is written. The result
/// is the snapshot; its tags `clone` and `moment` say what it was made of.
#include <yore/base/host.h>
#include <yore/command/clones.h>

#include "command/clone_fields.h"
#include "command/describe.h"
#include "command/fields.h"
#include "command/run.h"
#include "command/stream_source.h"

namespace yore::command {
namespace {

catalog::Snapshot described(Context& context, const CloneStatus& clone,
                            const clone::StoredTree& tree) {
    catalog::Snapshot snapshot;
    context.random().fill(snapshot.id.bytes);
    snapshot.root = tree.root;
    snapshot.host = host_name();
    snapshot.path = clone.directory;
    snapshot.counts = counts_of(tree.totals, tree);
    snapshot.tags = {{"clone", clone.record.name}, {"moment", clone.record.moment()}};
    return snapshot;
}

}  // namespace

nlohmann::json run_clone_snapshot(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("clone");
    const auto as = fields.optional_text("as").value_or(name);
    const auto tags = fields.pairs("tags");
    fields.done();
    const CloneStatus clone = context.clones().show(name);
    const catalog::Source source = source_of_stream(context, as);
    const auto started = context.clock().now();
    const auto reservation = context.catalog().reserve_name(source.id, started);
    const auto writer = context.store().write();
    const auto tree = context.clones().store(name, *writer, call.stop);
    catalog::Snapshot snapshot = described(context, clone, tree);
    snapshot.source = source.id;
    snapshot.name = reservation.name();
    snapshot.started = started;
    snapshot.ended = context.clock().now();
    for (const auto& [key, value] : tags) snapshot.tags[key] = value;
    const store::RecordChange record = catalog::Catalog::put(snapshot);
    writer->commit({&record, 1});
    return describe(snapshot, source.name);
}

}  // namespace yore::command
