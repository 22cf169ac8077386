// SPDX-License-Identifier: Apache-2.0
/// A snapshot of a PostgreSQL cluster from files: a finished pg_basebackup, or a cluster that was
/// shut down.
#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/base/path.h>
#include <yore/ingest/postgresql.h>
#include <yore/postgresql/backup_label.h>
#include <yore/postgresql/backup_manifest.h>
#include <yore/postgresql/control_file.h>
#include <yore/postgresql/wal_reader.h>

#include <algorithm>
#include <filesystem>

#include <fcntl.h>

#include "ingest/before.h"
#include "ingest/file_status.h"
#include "ingest/postgresql/backup_log.h"
#include "ingest/postgresql/cluster_directory.h"
#include "ingest/postgresql/cluster_files.h"
#include "ingest/postgresql/config_files.h"
#include "ingest/postgresql/manifest_check.h"
#include "ingest/postgresql/prepared_files.h"
#include "ingest/postgresql/timelines.h"
#include "ingest/snapshot_run.h"

namespace yore::ingest {
namespace {

using namespace postgresql;

constexpr std::size_t manifest_bytes_max = std::size_t{1} << 30;
constexpr std::size_t wal_piece_bytes = 8192;

std::optional<std::string> text_of(const std::string& path, std::size_t bytes_max = 64u << 20) {
    const auto bytes = read_file(path, bytes_max);
    if (!bytes) return std::nullopt;
    return std::string(as_text(*bytes));
}

FileStatus status_in(const std::string& path) {
    FileStatus status;
    if (const int error = status_at(AT_FDCWD, path.c_str(), status); error != 0)
        throw system_error("stat", path, error);
    return status;
}

/// Takes the first record.
struct FirstRecord final : WalListener {
    void on_record(const WalRecord& record, const WalFact* fact) override {
        if (seen) return;
        seen = record;
        is_checkpoint = fact != nullptr && std::holds_alternative<postgresql::Checkpoint>(*fact);
    }
    std::optional<WalRecord> seen;
    bool is_checkpoint = false;
};

/// What a directory holds, and from where to where the log is needed.
class StoppedCluster {
  public:
    explicit StoppedCluster(const std::string& directory) : directory_(directory) {
        check_stopped(directory);
        const auto control = text_of(in("global/pg_control"));
        if (!control)
            throw Error(Errc::invalid, fmt::format("{}: no data directory of a cluster", directory),
                        {"it has no global/pg_control"});
        control_bytes_ = *control;
        control_ = parse_control_file(as_bytes(control_bytes_));
        if (const auto label = text_of(in("backup_label")))
            take_backup(parse_backup_label(*label));
        else
            take_shut_down();
    }

    const ControlFile& control() const { return control_; }
    const std::optional<std::string>& manifest() const { return manifest_; }
    const BackupSpan& span() const { return span_; }
    Timestamp state_time() const { return state_time_; }
    std::string in(std::string_view path) const { return join_path(directory_, path); }

    catalog::BaseBackup facts() const {
        return {.system_identifier = control_.system_identifier,
                .server_version = static_cast<std::uint32_t>(control_.major_version) * 10000,
                .timeline = span_.stop.timeline.value,
                .start = position_of(span_.start.lsn),
                .stop = position_of(span_.stop.lsn),
                .from_standby = from_standby_,
                .damaged_pages = 0};
    }
    /// Of the files in `pg_wal`.
    bool needs_wal(std::string_view name) const {
        const auto file = parse_log_file_name(name, control_.wal_segment_size);
        if (!file) return false;
        if (file->kind == LogFileName::Kind::timeline_history) return true;
        const SegmentSize size = control_.wal_segment_size;
        return file->kind == LogFileName::Kind::segment &&
               size.segment_of(span_.start.lsn) <= file->segment &&
               file->segment <= size.segment_of({span_.stop.lsn.value - 1});
    }
    std::vector<TimelineSwitch> history() const {
        const Timeline timeline = span_.stop.timeline;
        const std::string name = to_text(timeline) + ".history";
        const auto text = text_of(in("pg_wal/" + name));
        if (!text) return {};
        return parse_timeline_history(as_bytes(*text), timeline, name);
    }
    void check_unchanged(const std::string& control_as_read) const {
        check_stopped(directory_);
        if (control_as_read != control_bytes_ || text_of(in("global/pg_control")) != control_bytes_)
            throw Error(Errc::busy, fmt::format("{} changed while it was read", directory_),
                        {"does a server run on it?"});
    }

  private:
    void take_backup(const BackupLabel& label) {
        manifest_ = text_of(in("backup_manifest"), manifest_bytes_max);
        if (!manifest_)
            throw Error(Errc::invalid,
                        fmt::format("{}: a base backup without backup_manifest, which tells where "
                                    "it ends",
                                    directory_),
                        {"pg_basebackup writes one, unless it is told --no-manifest"});
        const auto manifest = read_backup_manifest(*manifest_, [](const ManifestFile&) {});
        if (manifest.wal_ranges.empty())
            throw Error(Errc::corrupt, fmt::format("{}: its manifest has no WAL", directory_));
        const WalRange& last = manifest.wal_ranges.back();
        span_ = {{label.start, label.start_timeline}, {last.end, last.timeline}};
        from_standby_ = label.from == BackupLabel::From::standby;
        state_time_ = status_in(in("backup_manifest")).attributes.modified;
    }
    void take_shut_down() {
        if (control_.state != ClusterState::shut_down)
            throw Error(Errc::invalid,
                        fmt::format("{}: neither a base backup nor a cluster that was shut down: "
                                    "its state is `{}`",
                                    directory_, name_of(control_.state)),
                        {"start the server and stop it; of one that runs, `yore snapshot` without "
                         "--from-directory takes a base backup"});
        span_ = {{control_.redo, control_.timeline}, {end_of_checkpoint(), control_.timeline}};
        state_time_ = status_in(in("global/pg_control")).attributes.modified;
    }
    /// The end of the log: behind the record that was written last.
    Lsn end_of_checkpoint() const {
        const SegmentSize size = control_.wal_segment_size;
        WalReader reader({.major_version = control_.major_version,
                          .system_identifier = control_.system_identifier,
                          .segment_size = size,
                          .block_bytes = control_.wal_block_size,
                          .timeline = control_.timeline},
                         control_.checkpoint);
        FirstRecord first;
        Buffer piece(wal_piece_bytes);
        while (!first.seen && !reader.stop()) {
            const Lsn at = reader.position();
            const auto name = segment_name(control_.timeline, size.segment_of(at), size);
            const Fd file = open_file(in("pg_wal/" + name), O_RDONLY);
            const std::size_t room = size.bytes() - size.offset_of(at);
            const auto part = piece.span().first(std::min(piece.size(), room));
            if (read_at(file.get(), size.offset_of(at), part) != part.size()) break;
            reader.feed(part, first);
        }
        if (!first.seen || !first.is_checkpoint || first.seen->lsn != control_.checkpoint)
            throw Error(Errc::corrupt,
                        fmt::format("{}: pg_wal does not have the checkpoint at {}{}", directory_,
                                    to_text(control_.checkpoint),
                                    reader.stop() ? ": " + reader.stop()->text : ""));
        return first.seen->end;
    }

    const std::string directory_;
    std::string control_bytes_;
    ControlFile control_;
    std::optional<std::string> manifest_;
    BackupSpan span_;
    bool from_standby_ = false;
    Timestamp state_time_;
};

/// A place of its own below the data directory, as copies of snapshots have their tablespaces: it
/// is read as that tablespace.
bool is_in_tablespace(const std::string& place,
                      const std::vector<BaseBackup::Tablespace>& tablespaces) {
    return std::ranges::any_of(tablespaces, [&](const auto& each) {
        return place == each.location || is_below(place, each.location);
    });
}

/// The reader outlives it.
ClusterFiles::Archive files_of(ClusterDirectory& reader) {
    return {[&] { return reader.next(); }, [&](MutableBytes into) { return reader.read(into); }};
}

void send(ClusterFiles& files, const StoppedCluster& cluster, const std::string& directory,
          ClusterFiles::HeldFiles config, Timestamp now) {
    const auto tablespaces = linked_tablespaces(directory);
    const std::string own = tablespace_version_directory(cluster.control());
    for (const auto& tablespace : tablespaces) {
        ClusterDirectory reader(tablespace.location, [&](std::string_view path) {
            return (path == own || is_below(path, own)) && belongs_into_backup(path, {});
        });
        files.add_archive(tablespace, files_of(reader));
    }
    const auto needs_wal = [&](std::string_view name) { return cluster.needs_wal(name); };
    const std::string place = std::filesystem::canonical(directory).string();
    ClusterDirectory reader(directory, [&](std::string_view path) {
        return belongs_into_backup(path, needs_wal) &&
               !is_in_tablespace(join_path(place, path), tablespaces);
    });
    BackupLog log(cluster.span().start, cluster.control().system_identifier);
    files.add_archive({}, log.heard(files_of(reader)));
    auto held = files.take_held();
    cluster.check_unchanged(held_file(held, "global/pg_control").bytes);
    const SegmentSize size = cluster.control().wal_segment_size;
    const BackupSpan& span = cluster.span();
    check_wal(files.sums(), span, size);
    if (const auto made = log.new_tablespace(span.stop)) throw makes_tablespace(*made);
    if (cluster.manifest())
        check_manifest(*cluster.manifest(), files.sums(), span, size, ManifestOf::directory);
    const std::uint32_t mode = status_in(directory).attributes.permissions;
    add_last_files(files,
                   {.held = std::move(held),
                    .manifest = cluster.manifest(),
                    .target = {span.stop.timeline, std::nullopt, !log.goes_on_behind(span.stop)},
                    .directory_mode = mode == 0750 ? 0750u : 0700u,
                    .config = std::move(config)},
                   now);
}

}  // namespace

catalog::Snapshot take_postgresql_directory_snapshot(catalog::Catalog& catalog,
                                                     const store::ObjectCache& cache,
                                                     const catalog::Source& source,
                                                     const std::string& directory,
                                                     const SnapshotOptions& options,
                                                     const Clock& clock, std::stop_token stop) {
    const StoppedCluster cluster(directory);
    const catalog::BaseBackup facts = cluster.facts();
    const System system = newest_system_of(catalog, source, facts.system_identifier, directory);
    const postgresql::Timeline timeline{facts.timeline};
    SnapshotRun run({.catalog = catalog,
                     .cache = cache,
                     .source = source,
                     .options = options,
                     .clock = clock,
                     .as_of = std::min(cluster.state_time(), clock.now()),
                     .arrival = Arrival::any},
                    std::move(stop));
    const Before before = find_before(catalog, cache, source);
    ClusterFiles files({run.tree().outbox(), run.tree().cutter(), run.tree().counters(), cache,
                        run.tree().group_sizes(), before.root});
    SnapshotRun::Work work;
    work.send = [&] {
        send(files, cluster, directory, read_config(source, run.tree().problems()), clock.now());
        return true;
    };
    work.describe = [&](catalog::Snapshot& snapshot) {
        snapshot.path = directory;
        snapshot.base_backup = facts;
        snapshot.log = {view::incarnation_number({system.number, timeline}), facts.start,
                        facts.stop};
    };
    work.besides = [&] {
        const auto history = cluster.history();
        newest_system_of(catalog, source, facts.system_identifier, directory);  // as yet
        return history.empty()
                   ? incarnation_of(catalog, source, system, timeline, clock.now()).changes
                   : incarnation_of(catalog, source, system, timeline, history, clock.now())
                         .changes;
    };
    return run.finish(work);
}

}  // namespace yore::ingest
