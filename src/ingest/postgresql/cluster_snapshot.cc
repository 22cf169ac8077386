// SPDX-License-Identifier: Apache-2.0
/// A snapshot of a PostgreSQL cluster: a base backup from its first byte to its record.
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/base/path.h>
#include <yore/base/random.h>
#include <yore/ingest/postgresql.h>
#include <yore/postgresql/backup_label.h>
#include <yore/postgresql/control_file.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "ingest/before.h"
#include "ingest/postgresql/backup_log.h"
#include "ingest/postgresql/base_backup.h"
#include "ingest/postgresql/cluster_files.h"
#include "ingest/postgresql/config_files.h"
#include "ingest/postgresql/connection.h"
#include "ingest/postgresql/manifest_check.h"
#include "ingest/postgresql/new_tablespace.h"
#include "ingest/postgresql/page_warnings.h"
#include "ingest/postgresql/prepared_files.h"
#include "ingest/postgresql/server_needs.h"
#include "ingest/postgresql/timelines.h"
#include "ingest/snapshot_run.h"

namespace yore::ingest {
namespace {

void check_version(const Connection& connection) {
    const int version = connection.server_version();
    if (version < server_version_min || version >= server_version_end)
        throw Error(Errc::unsupported,
                    fmt::format("PostgreSQL {}.{} at {}", version / 10000, version % 10000,
                                connection.host()),
                    {"Yore knows the versions 13 to 18"});
}

std::uint64_t identify(Connection& connection) {
    const auto rows = connection.rows("IDENTIFY_SYSTEM");
    std::uint64_t identifier = 0;
    if (rows.size() == 1 && !rows[0].empty() && rows[0][0])
        std::from_chars(rows[0][0]->data(), rows[0][0]->data() + rows[0][0]->size(), identifier);
    if (identifier == 0) throw Error(Errc::io, "the server does not say which cluster it is");
    return identifier;
}

/// Through which timelines the log came to this one.
std::vector<postgresql::TimelineSwitch> history_of(Connection& connection,
                                                   postgresql::Timeline timeline) {
    if (timeline.value == 1) return {};
    const auto rows = connection.rows(fmt::format("TIMELINE_HISTORY {}", timeline.value));
    if (rows.size() != 1 || rows[0].size() != 2 || !rows[0][0] || !rows[0][1])
        throw Error(Errc::io, fmt::format("the server does not tell the history of timeline {}",
                                          timeline.value));
    return postgresql::parse_timeline_history(as_bytes(*rows[0][1]), timeline, *rows[0][0]);
}

/// Keeps the WAL from now on until the connection ends.
void reserve_wal(Connection& connection) {
    std::array<std::byte, 8> random;
    SystemRandom().fill(random);
    try {
        connection.rows(fmt::format(
            "CREATE_REPLICATION_SLOT yore_{} TEMPORARY PHYSICAL RESERVE_WAL", to_hex(random)));
    } catch (const Error& error) {
        if (error.code() == Errc::cancelled) throw;
        log_warning(
            "{}: WAL is not reserved for the backup, which fails when the server removes "
            "what it needs: {}",
            connection.host(), error.what());
    }
}

/// `0700`; what the server does not tell is taken to be that.
std::uint32_t directory_mode(Connection& connection) {
    const auto text = connection.setting("data_directory_mode");
    std::uint32_t mode = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), mode, 8);
    return mode == 0750 ? mode : 0700;
}

constexpr std::size_t manifest_bytes_max = std::size_t{1} << 30;

using NewTablespace = std::optional<view::ReplayDemands::Tablespace>;

/// One run, from the connection to the facts of its record.
class ClusterBackup {
  public:
    ClusterBackup(SnapshotRun& run, const store::ObjectCache& cache, const Before& before,
                  Connection& connection, std::uint64_t system_identifier,
                  const BaseBackupOptions& options)
        : run_(run),
          connection_(connection),
          system_identifier_(system_identifier),
          warnings_([&run](std::string path, std::string text) {
              run.tree().problems().add(path, std::move(text));
          }),
          files_({run.tree().outbox(), run.tree().cutter(), run.tree().counters(), cache,
                  run.tree().group_sizes(), before.root}),
          directory_mode_(directory_mode(connection)) {
        connection.on_message([this](const ServerMessage& message) { warnings_.take(message); });
        backup_.emplace(connection, options);
    }

    std::uint64_t bytes_expected() const {
        std::uint64_t bytes = 0;
        for (const auto& tablespace : backup_->tablespaces()) bytes += tablespace.bytes;
        return bytes;
    }

    /// Where recovery on it begins.
    timeline::LogPlace start(const System& system) const {
        const auto& [lsn, timeline] = backup_->start();
        return {view::incarnation_number({system.number, timeline}), position_of(lsn)};
    }

    /// `config`: of config_files.h. `made`: why it is refused, when it is for that.
    void send(ClusterFiles::HeldFiles config, const Clock& clock, NewTablespace& made) {
        BackupLog log(backup_->start(), system_identifier_);
        while (const auto archive = backup_->next_archive()) add_archive(*archive, log);
        const std::string manifest = backup_->read_manifest(manifest_bytes_max);
        bool damaged_pages = false;
        const BaseBackup::Position stop = backup_->finish(damaged_pages);
        auto held = files_.take_held();
        const auto control =
            postgresql::parse_control_file(as_bytes(held_file(held, "global/pg_control").bytes));
        check_wal(files_.sums(), {backup_->start(), stop}, control.wal_segment_size);
        made = log.new_tablespace(stop);
        if (made) throw makes_tablespace(*made);
        check_manifest(manifest, files_.sums(), {backup_->start(), stop}, control.wal_segment_size);
        facts_ = {.system_identifier = control.system_identifier,
                  .server_version = static_cast<std::uint32_t>(connection_.server_version()),
                  .timeline = stop.timeline.value,
                  .start = position_of(backup_->start().lsn),
                  .stop = position_of(stop.lsn),
                  .from_standby = is_from_standby(held_file(held, "backup_label").bytes),
                  .damaged_pages = damaged_pages ? std::max<std::uint64_t>(warnings_.pages(), 1)
                                                 : warnings_.pages()};
        add_last_files(files_,
                       {.held = std::move(held),
                        .manifest = manifest,
                        .target = {stop.timeline, std::nullopt, !log.goes_on_behind(stop)},
                        .directory_mode = directory_mode_,
                        .config = std::move(config)},
                       clock.now());
    }
    const catalog::BaseBackup& facts() const { return facts_; }
    /// The log that it was taken beside.
    catalog::SnapshotLog log(const System& system) const {
        return {view::incarnation_number({system.number, {facts_.timeline}}), facts_.start,
                facts_.stop};
    }

  private:
    void add_archive(const BaseBackup::Tablespace& tablespace, BackupLog& log) {
        const std::string name = tablespace.oid == 0 ? "the data directory"
                                                     : fmt::format("tablespace {}", tablespace.oid);
        TarReader tar(name, [this](MutableBytes into) { return backup_->read(into); });
        const ClusterFiles::Archive archive{[&] { return tar.next(); },
                                            [&](MutableBytes into) { return tar.read(into); }};
        files_.add_archive(tablespace, tablespace.oid == 0 ? log.heard(archive) : archive);
    }
    static bool is_from_standby(const std::string& label) {
        return postgresql::parse_backup_label(label).from == postgresql::BackupLabel::From::standby;
    }

    SnapshotRun& run_;
    Connection& connection_;
    const std::uint64_t system_identifier_;
    PageWarnings warnings_;
    ClusterFiles files_;
    std::uint32_t directory_mode_;
    std::optional<BaseBackup> backup_;
    catalog::BaseBackup facts_;
};

/// What a snapshot is asked to be; all outlive it.
struct Order {
    catalog::Catalog& catalog;
    const store::ObjectCache& cache;
    const catalog::Source& source;
    const BaseBackupOptions& backup;
    const SnapshotOptions& options;
    const Clock& clock;
    const std::stop_token& stop;
};

/// Before anything is sent: when it is known already that a base backup which begins here would be
/// refused at its end. From a standby it begins where the primary made its last checkpoint.
void check_start(const Order& order, const timeline::LogPlace& start, NewTablespace& made) {
    if (auto known = tablespace_made_since(order.catalog, order.source, start)) made = known;
    if (made && made->made >= start.position) throw makes_tablespace(*made);
}

/// `made`: what another attempt was refused for, and then this one.
catalog::Snapshot take(const Order& order, NewTablespace& made) {
    const auto& [catalog, cache, source, backup_options, options, clock, stop] = order;
    SnapshotRun run({.catalog = catalog,
                     .cache = cache,
                     .source = source,
                     .options = options,
                     .clock = clock,
                     .arrival = Arrival::any},
                    stop);
    const Before before = find_before(catalog, cache, source);
    Connection connection(source.postgresql.conninfo, stop);
    check_version(connection);
    const std::string what = "the cluster at " + connection.host();
    const std::uint64_t identifier = identify(connection);
    const System system = newest_system_of(catalog, source, identifier, what);
    const auto needs = ask_server_needs(source.postgresql.conninfo, connection.host(), stop);
    reserve_wal(connection);
    ClusterBackup backup(run, cache, before, connection, identifier, backup_options);
    check_start(order, backup.start(system), made);
    std::vector<postgresql::TimelineSwitch> history;
    SnapshotRun::Work work;
    work.bytes_expected = backup.bytes_expected();
    work.send = [&] {
        backup.send(read_config(source, run.tree().problems()), clock, made);
        history = history_of(connection, {backup.facts().timeline});
        return true;
    };
    work.describe = [&](catalog::Snapshot& snapshot) {
        snapshot.path = source.postgresql.conninfo;
        snapshot.base_backup = backup.facts();
        snapshot.base_backup->needs = needs;
        snapshot.log = backup.log(system);
    };
    work.besides = [&] {
        const catalog::BaseBackup& facts = backup.facts();
        newest_system_of(catalog, source, facts.system_identifier, what);  // as yet
        return incarnation_of(catalog, source, system, {facts.timeline}, history, clock.now())
            .changes;
    };
    return run.finish(work);
}

}  // namespace

/// After a tablespace was made meanwhile, a second one begins behind that, and finds most stored.
catalog::Snapshot take_postgresql_snapshot(catalog::Catalog& catalog,
                                           const store::ObjectCache& cache,
                                           const catalog::Source& source,
                                           const BaseBackupOptions& backup_options,
                                           const SnapshotOptions& options, const Clock& clock,
                                           std::stop_token stop) {
    const Order order{catalog, cache, source, backup_options, options, clock, stop};
    NewTablespace made;
    try {
        return take(order, made);
    } catch (const Error& error) {
        if (!made) throw;
        log_warning("source {}: {}; the base backup is begun again", source.name, error.what());
    }
    return take(order, made);
}

}  // namespace yore::ingest
