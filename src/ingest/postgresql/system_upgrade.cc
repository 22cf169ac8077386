// SPDX-License-Identifier: Apache-2.0
#include <yore/ingest/postgresql.h>

#include "ingest/postgresql/log_stream.h"
#include "ingest/postgresql/timelines.h"

namespace yore::ingest {
namespace {

using namespace postgresql;

System next_system(const catalog::Catalog& catalog, const catalog::Source& source,
                   std::uint64_t identifier) {
    const System before = newest_system(catalog, source);
    if (!before.identifier)
        throw Error(
            Errc::invalid,
            fmt::format("source {}: nothing of a cluster is stored that could be upgraded",
                        source.name),
            {fmt::format("`yore snapshot {}` begins with the cluster that is there", source.name)});
    if (*before.identifier == identifier)
        throw Error(
            Errc::invalid,
            fmt::format("source {}: the cluster is the one that is stored, with the system "
                        "identifier {}: there is nothing to do",
                        source.name, identifier),
            {"is it still the old server that answers? --postgresql says where the new one is",
             "a minor version needs no upgrade of the source"});
    return {before.number + 1, identifier};
}

}  // namespace

UpgradedSystem upgrade_system(catalog::Catalog& catalog, const catalog::Source& source,
                              const Clock& clock, const std::stop_token& stop) {
    Connection connection(source.postgresql.conninfo, stop);
    const ServerLog server = ask_for_log(connection);
    const Timeline timeline = server.end.timeline;
    std::vector<TimelineSwitch> history;
    if (timeline > Timeline{1})
        history = parse_timeline_history(as_bytes(ask_for_history(connection, timeline)), timeline,
                                         to_text(timeline) + ".history");
    const auto changing = catalog.change_logs();
    const System system = next_system(catalog, source, server.format.system_identifier);
    const auto record = incarnation_of(catalog, source, system, timeline, history, clock.now());
    catalog.store().commit(record.changes);
    return {.system = system.number,
            .identifier = *system.identifier,
            .server_version = static_cast<std::uint32_t>(connection.server_version()),
            .timeline = timeline.value,
            .log = record.incarnation.name};
}

}  // namespace yore::ingest
