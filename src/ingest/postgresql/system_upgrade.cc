// SPDX-License-Identifier: Apache-2.0
#include <yore/ingest/postgresql.h>

#include <algorithm>

#include "ingest/postgresql/log_stream.h"
#include "ingest/postgresql/timelines.h"

namespace yore::ingest {
namespace {

using namespace postgresql;

/// With a conninfo of its own it may have been gone on with before.
System next_system(const catalog::Catalog& catalog, const catalog::Source& source,
                   std::uint64_t identifier, bool has_conninfo) {
    const auto systems = systems_of(catalog, source);
    const System& before = systems.back();
    if (!before.identifier)
        throw Error(
            Errc::invalid,
            fmt::format("source {}: nothing of a cluster is stored that could be upgraded",
                        source.name),
            {fmt::format("`yore snapshot {}` begins with the cluster that is there", source.name)});
    if (*before.identifier == identifier && before.number > 1 && has_conninfo) return before;
    if (*before.identifier == identifier)
        throw Error(
            Errc::invalid,
            fmt::format("source {}: the cluster is the one that is stored, with the system "
                        "identifier {}: there is nothing to do",
                        source.name, identifier),
            {"is it still the old server that answers? --postgresql says where the new one is",
             "a minor version needs no upgrade of the source"});
    if (std::ranges::find(systems, identifier, &System::identifier) != systems.end())
        throw Error(
            Errc::invalid,
            fmt::format("source {}: the cluster with the system identifier {} is one that it was "
                        "upgraded from; it does not go back to it",
                        source.name, identifier),
            {"is it still the old server that answers? --postgresql says where the new one is",
             "to go on with the old one, give it a source of its own: `yore source add NAME "
             "--postgresql …`"});
    return {before.number + 1, identifier};
}

/// As it is declared by now: asking the server took a while.
catalog::Source declared_source(const catalog::Catalog& catalog, const catalog::Source& asked) {
    auto source = catalog.source(asked.id);
    if (!source || source->removed)
        throw Error(Errc::not_found, fmt::format("source {} was removed", asked.name));
    return std::move(*source);
}

}  // namespace

UpgradedSystem upgrade_system(catalog::Catalog& catalog, const catalog::Source& source,
                              const std::optional<std::string>& conninfo, const Clock& clock,
                              const std::stop_token& stop) {
    Connection connection(conninfo.value_or(source.postgresql.conninfo), stop);
    const ServerLog server = ask_for_log(connection);
    const Timeline timeline = server.end.timeline;
    std::vector<TimelineSwitch> history;
    if (timeline > Timeline{1})
        history = parse_timeline_history(as_bytes(ask_for_history(connection, timeline)), timeline,
                                         to_text(timeline) + ".history");
    const auto changing = catalog.change_logs();
    const System system =
        next_system(catalog, source, server.format.system_identifier, conninfo.has_value());
    const auto record = incarnation_of(catalog, source, system, timeline, history, clock.now());
    auto declared = declared_source(catalog, source);
    if (conninfo) {
        declared.postgresql.conninfo = *conninfo;
        catalog.change_source(declared);
    }
    if (!record.changes.empty()) catalog.store().commit(record.changes);
    return {.system = system.number,
            .identifier = *system.identifier,
            .server_version = static_cast<std::uint32_t>(connection.server_version()),
            .timeline = timeline.value,
            .log = record.incarnation.name};
}

}  // namespace yore::ingest
