// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/slot_watch.h"

#include <yore/base/log.h>

#include "ingest/postgresql/conninfo.h"
#include "ingest/postgresql/log_stream.h"
#include "ingest/postgresql/slots.h"
#include "ingest/sleep.h"

namespace yore::ingest {

SlotWatch::SlotWatch(const catalog::Catalog& catalog, const catalog::Source& source,
                     const ClusterFollowOptions& options, std::stop_token stop)
    : catalog_(catalog),
      source_(source.id),
      options_(options),
      stop_(std::move(stop)),
      thread_([this](const std::stop_token& end) { run(end); }) {}

void SlotWatch::run(const std::stop_token& end) {
    do {
        try {
            look();
        } catch (const std::exception& error) {
            log_warning("the slots of a followed source are not looked after: {}", error.what());
        }
        sleep_for(options_.slot_interval, end);
    } while (!end.stop_requested());
}

void SlotWatch::look() {
    const auto source = catalog_.source(source_);
    if (!source || source->removed || source->postgresql.pinned_bytes_max == 0) return;
    for (const std::string& host : conninfo_of_each_host(source->postgresql.conninfo))
        look_at(host, *source);
}

void SlotWatch::look_at(const std::string& conninfo, const catalog::Source& source) {
    std::string wrong;
    try {
        Connection connection(conninfo, stop_);
        keep_to_limit(connection, source);
    } catch (const Error& error) {
        if (stop_.stop_requested()) return;
        wrong = error.what();
    }
    std::string& told = told_[conninfo];
    if (wrong != told && !wrong.empty())
        log_warning("source {}: what its slots keep is not seen: {}", source.name, wrong);
    told = wrong;
}

/// A slot that somebody reads is left to the reader, who sees the same; when it is held up, the
/// server ends the connection (`wal_sender_timeout`).
void SlotWatch::keep_to_limit(Connection& connection, const catalog::Source& source) const {
    const std::string slot = replication_slot_name(source.name);
    const auto from = slot_position(connection, slot);
    const postgresql::Lsn end = ask_for_log(connection).end.at;
    if (!from || end <= *from) return;
    const std::uint64_t kept = end.value - from->value;
    if (kept <= source.postgresql.pinned_bytes_max) return;
    try {
        drop_slot(connection, slot);
    } catch (const Error& error) {
        if (error.code() != Errc::busy) throw;
        return;
    }
    tell_dropped_slot(source, options_, connection.host(), kept);
}

}  // namespace yore::ingest
