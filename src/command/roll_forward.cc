// SPDX-License-Identifier: Apache-2.0
/// roll-forward: `source` (a PostgreSQL cluster), `to` (a time; absent: latest), `programs`
/// (absolute: where `postgres` is; absent: looked for by the version), `tags`. A server recovers a
/// clone of that moment and is shut down; what it leaves becomes a base backup of the source. The
/// result is the snapshot.
#include <yore/base/error.h>
#include <yore/base/host.h>
#include <yore/cluster/server.h>
#include <yore/command/clones.h>
#include <yore/ingest/postgresql_roll.h>
#include <yore/view/moment.h>

#include <unistd.h>

#include "command/clone_fields.h"
#include "command/clone_server.h"
#include "command/describe.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/no_output.h"
#include "command/run.h"
#include "command/throwaway_clone.h"

namespace yore::command {
namespace {

catalog::Source cluster_of(Context& context, const std::string& name) {
    auto source = find_source(context.catalog(), name);
    if (source.kind != catalog::SourceKind::postgresql)
        throw Error(Errc::invalid,
                    fmt::format("source {} is a {}: base backups of PostgreSQL clusters are rolled "
                                "forward",
                                name, name_of(source.kind)));
    return source;
}

/// The moment with what it is made of.
struct Target {
    catalog::Source source;
    Moment moment;
    timeline::Plan plan;
    catalog::Snapshot base;
};

Target find_target(Context& context, const catalog::Source& source, const std::string& to,
                   Output& output) {
    Target target{source, resolve_moment(context, source, to, output), {}, {}};
    const Timestamp now = context.clock().now();
    const view::SourceRecords records(context.catalog(), context.cache(), source.id);
    const auto read = view::parse_moment(target.moment.state, now);
    auto answer = view::open_moment(records, *read, now, &context.replay());
    auto* opened = std::get_if<view::Opened>(&answer);
    const auto* base =
        opened == nullptr ? nullptr : std::get_if<timeline::Snapshot>(&opened->plan.base);
    std::optional<catalog::Snapshot> snapshot;
    if (base != nullptr) snapshot = context.catalog().snapshot(source.id, records.name_of(*base));
    if (!snapshot || !snapshot->base_backup || !snapshot->log)
        throw Error(Errc::not_found,
                    fmt::format("{}: its base backup was removed just now", target.moment.name()));
    target.plan = std::move(opened->plan);
    target.base = std::move(*snapshot);
    return target;
}

catalog::Snapshot described(Context& context, const Target& target,
                            const ingest::RolledCluster& rolled, const clone::StoredTree& read) {
    catalog::Snapshot snapshot;
    context.random().fill(snapshot.id.bytes);
    snapshot.source = target.source.id;
    snapshot.started = snapshot.ended = target.plan.time;
    snapshot.log = rolled.log;
    snapshot.root = rolled.tree.top;
    snapshot.host = host_name();
    snapshot.path = target.moment.name();
    snapshot.outcome = target.base.outcome;
    snapshot.counts = counts_of(rolled.tree.totals, read);
    snapshot.counts.problems = target.base.counts.problems;
    snapshot.problems = target.base.problems;
    snapshot.base_backup = rolled.facts;
    return snapshot;
}

NewClone working_clone(const Moment& moment) {
    NewClone wanted;
    wanted.moment = moment.name();
    wanted.allow_other = ::geteuid() == 0;  // the server is another user's
    return wanted;
}

/// No data page is lost when this host crashes: then nothing is stored.
cluster::ServerOptions recovery_options(Context& context, const Target& target,
                                        const CloneStatus& clone, const std::string& programs) {
    auto options = server_options(context, clone.record.name, clone.directory);
    options.programs = programs;
    options.settings.insert(options.settings.end(),
                            {{"fsync", "off"}, {"recovery_target_action", "shutdown"}});
    options.needs = target.base.base_backup->needs;
    return options;
}

/// A server comes to the moment and is shut down there, which makes a restart point.
void recover(Context& context, const Target& target, const CloneStatus& clone,
             const std::string& programs, const std::stop_token& stop) {
    cluster::Server server(recovery_options(context, target, clone, programs));
    const auto status = server.wait_for_end(stop);
    if (!status) throw Error(Errc::cancelled, "interrupted while a server recovers");
    if (*status != 0)
        throw Error(Errc::io,
                    fmt::format("the server did not recover {}; its log ends with\n{}",
                                target.moment.name(), server.log_tail()),
                    server.warnings());
}

}  // namespace

nlohmann::json run_roll_forward(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("source");
    const auto to = fields.optional_text("to").value_or("latest");
    const auto programs = fields.optional_text("programs").value_or("");
    const auto tags = fields.pairs("tags");
    fields.done();
    const Target target = find_target(context, cluster_of(context, name), to, call.output);
    const ingest::RollForward roll{context.catalog(), context.cache(), target.source, target.base,
                                   target.plan};
    ingest::check_roll_forward(roll);
    const auto reservation = context.catalog().reserve_name(target.source.id, target.plan.time);
    NoOutput nobody;  // it was told which moment it is
    const ThrowawayClone clone(context, working_clone(target.moment), nobody, call.stop);
    recover(context, target, clone.status(), programs, call.stop);
    const auto writer = context.store().write();
    const auto left = context.clones().store(clone.status().record.name, *writer, call.stop);
    writer->commit({});  // what is read of it is read from the store
    const auto rolled = ingest::make_base_backup(roll, left.root, *writer);
    catalog::Snapshot snapshot = described(context, target, rolled, left);
    snapshot.name = reservation.name();
    snapshot.tags = {tags.begin(), tags.end()};
    const store::RecordChange record = catalog::Catalog::put(snapshot);
    writer->commit({&record, 1});
    return describe(snapshot, target.source.name);
}

}  // namespace yore::command
