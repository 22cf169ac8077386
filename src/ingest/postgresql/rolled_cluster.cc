// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/path.h>
#include <yore/ingest/postgresql_roll.h>
#include <yore/postgresql/control_file.h>
#include <yore/postgresql/wal_reader.h>
#include <yore/tree/content.h>
#include <yore/tree/edit.h>
#include <yore/view/cluster_log.h>
#include <yore/view/cluster_moment.h>
#include <yore/view/log_replay.h>

#include <algorithm>
#include <string>
#include <vector>

#include "ingest/postgresql/cluster_directory.h"

namespace yore::ingest {
namespace {

using postgresql::ControlFile;
using postgresql::Lsn;
using postgresql::lsn_of, postgresql::position_of;

constexpr std::size_t wal_piece_bytes = 64u << 10;
constexpr std::string_view wal_directory = "pg_wal", control_path = "global/pg_control";

struct FirstRecord final : postgresql::WalListener {
    void on_record(const postgresql::WalRecord& record, const postgresql::WalFact*) override {
        if (!end) end = record.end;
    }
    std::optional<Lsn> end;
};

/// The place of the commit: it has one, since check_roll_forward was passed.
Lsn target_of(const RollForward& roll) {
    return lsn_of(roll.plan.place->position);
}

const timeline::LogRange& last_range(const RollForward& roll) {
    return roll.plan.replay.back();
}

/// A data directory in a tree.
class StoredDirectory {
  public:
    StoredDirectory(const store::ObjectCache& cache, const NodeId& root) : cache_(cache) {
        const auto top = tree::Directory(cache, root).find("root");
        if (!top || !top->child()) throw Error(Errc::corrupt, "there is no data directory");
        top_ = *top->child();
    }
    std::optional<tree::EntryView> find(std::string_view path) const {
        const auto directory = child(directory_of(path));
        if (!directory) return std::nullopt;
        return tree::Directory(cache_, *directory).find(path.substr(path.rfind('/') + 1));
    }
    /// Not there: empty.
    std::vector<std::string> names_in(std::string_view path) const {
        std::vector<std::string> names;
        const auto directory = child(path);
        if (!directory) return names;
        tree::Directory(cache_, *directory).scan("", [&](const tree::EntryView& entry) {
            names.emplace_back(entry.name());
            return true;
        });
        return names;
    }

  private:
    std::optional<NodeId> child(std::string_view path) const {
        if (path.empty()) return top_;
        const auto entry = find(path);
        return entry ? entry->child() : std::nullopt;
    }

    const store::ObjectCache& cache_;
    NodeId top_;
};

ControlFile control_in(const store::ObjectCache& cache, const StoredDirectory& directory) {
    const auto entry = directory.find(control_path);
    if (!entry) throw Error(Errc::corrupt, fmt::format("there is no {}", control_path));
    const tree::ContentReader reader(cache, entry->content());
    Buffer bytes(std::min<std::uint64_t>(reader.size(), 8192));
    bytes.resize_within(reader.read(0, bytes.span()));
    return postgresql::parse_control_file(bytes);
}

/// Behind the record that begins there, by the log that is stored.
Lsn end_of_record(const RollForward& roll, const ControlFile& control, Lsn begin) {
    const catalog::Logs logs(roll.catalog.store());
    const std::uint32_t incarnation = last_range(roll).incarnation;
    postgresql::WalReader reader({.major_version = control.major_version,
                                  .system_identifier = control.system_identifier,
                                  .segment_size = control.wal_segment_size,
                                  .block_bytes = control.wal_block_size,
                                  .timeline = view::system_timeline(incarnation).timeline},
                                 begin);
    FirstRecord first;
    Buffer piece(wal_piece_bytes);
    while (!first.end && !reader.stop()) {
        const LogPosition at = position_of(reader.position());
        const auto segment = logs.segment_ending_after(roll.source.id, incarnation, at);
        if (!segment || segment->begin > at) break;
        const tree::ContentReader content(roll.cache, view::content_of(*segment));
        const std::size_t got = content.read(at.value - segment->begin.value, piece.span());
        if (got == 0) break;
        reader.feed(ByteView(piece.span().first(got)), first);
    }
    if (!first.end)
        throw Error(Errc::corrupt,
                    fmt::format("the stored log has no record at {}", to_text(begin)));
    return *first.end;
}

Error is_unfinished(const std::string& why) {
    return Error(Errc::corrupt, "the server did not recover the moment: " + why);
}

/// That the server stopped just where it should have, as it says itself.
void check_end(const RollForward& roll, const ControlFile& control) {
    if (control.system_identifier != roll.base.base_backup->system_identifier)
        throw is_unfinished("its files are of another cluster");
    if (control.state != postgresql::ClusterState::shut_down_in_recovery)
        throw is_unfinished(fmt::format("its state is `{}`", name_of(control.state)));
    if (control.backup_start.valid() || control.backup_end_required)
        throw is_unfinished("it did not come to the base backup's end");
    const Lsn end = end_of_record(roll, control, target_of(roll));
    if (control.min_recovery_point > end)
        throw is_unfinished(fmt::format("it went on to {}, and the commit ends at {}",
                                        to_text(control.min_recovery_point), to_text(end)));
}

/// That it is worth while, and on one timeline.
void check_gain(const RollForward& roll, const ControlFile& control) {
    const auto timeline = view::system_timeline(last_range(roll).incarnation).timeline;
    const std::vector<std::string> hints{
        "choose a later moment; servers make a checkpoint every `checkpoint_timeout`, and by "
        "`CHECKPOINT`"};
    if (control.timeline != timeline || control.min_recovery_point_timeline != timeline)
        throw Error(Errc::invalid,
                    fmt::format("the log of timeline {} has no checkpoint up to the moment",
                                timeline.value),
                    hints);
    if (position_of(control.redo) <= roll.base.log->start)
        throw Error(Errc::invalid,
                    fmt::format("the log has no checkpoint between the base backup {} and the "
                                "moment: nothing would be gained",
                                roll.base.name.text()),
                    hints);
}

/// What the server left besides, and the log, of which less is needed now.
void remove_leftovers(const StoredDirectory& left, const StoredDirectory& before,
                      tree::TreeEdit& edit) {
    const auto no_log = [](std::string_view) { return false; };
    for (const std::string& name : left.names_in("")) {
        if (!before.find(name) || !belongs_into_backup(name, no_log)) {
            edit.remove(name);
            continue;
        }
        if (!name.starts_with("pg_")) continue;
        for (const std::string& below : left.names_in(name)) {
            const std::string path = join_path(name, below);
            if (!belongs_into_backup(path, no_log)) edit.remove(path);
            if (name != wal_directory) continue;
            for (const std::string& each : left.names_in(path)) edit.remove(join_path(path, each));
        }
    }
}

/// The name of a chunk of its own, which is with the Writer.
ChunkId put_chunk(store::Writer& writer, ByteView text) {
    store::Prepared prepared = writer.prepare_chunk(text);
    const ChunkId id = prepared.chunk_id();
    writer.append(std::move(prepared));
    return id;
}

}  // namespace

void check_roll_forward(const RollForward& roll) {
    YORE_ENSURE(roll.base.base_backup && roll.base.log);
    if (!roll.plan.point || !roll.plan.place || roll.plan.replay.empty())
        throw Error(Errc::invalid,
                    fmt::format("there is nothing to roll forward: the moment is the base backup "
                                "{} itself",
                                roll.base.name.text()),
                    {"no commit is stored between the two"});
    const auto newest = roll.catalog.latest(roll.source.id);
    if (newest && (newest->ended > roll.plan.time || newest->name != roll.base.name))
        throw Error(Errc::invalid,
                    fmt::format("the base backup {} is there already, and it is no older than {}",
                                newest->name.text(), to_rfc3339(roll.plan.time)),
                    {"moments behind the newest base backup can be rolled forward to"});
    const catalog::Logs logs(roll.catalog.store());
    const auto demands =
        view::replay_demands(logs, roll.source.id, roll.plan.replay, roll.plan.place->position);
    if (!demands.tablespaces.empty())
        throw Error(Errc::invalid,
                    fmt::format("the log makes tablespace {} in {}: no copy recovers over that",
                                demands.tablespaces.front().oid, demands.tablespaces.front().path),
                    {fmt::format("take a base backup: `yore snapshot {}`", roll.source.name)});
}

RolledCluster make_base_backup(const RollForward& roll, const NodeId& left, store::Writer& writer) {
    const StoredDirectory directory(roll.cache, left);
    const ControlFile control = control_in(roll.cache, directory);
    check_end(roll, control);
    check_gain(roll, control);
    const auto& [incarnation, begin, end] = last_range(roll);
    const LogPosition start = position_of(control.redo);
    RolledCluster rolled{
        .tree = {}, .log = {incarnation, start, end}, .facts = *roll.base.base_backup};
    rolled.facts.timeline = control.timeline.value;
    rolled.facts.start = start;
    rolled.facts.stop = position_of(control.min_recovery_point);
    rolled.facts.rolled_from = roll.base.name;

    tree::TreeEdit edit(roll.cache, left);
    remove_leftovers(directory, StoredDirectory(roll.cache, roll.base.root), edit);
    const catalog::Logs logs(roll.catalog.store());
    view::apply_wal(
        {logs, roll.cache, roll.source.id, left}, {{incarnation, start, end}},
        {roll.plan.place->position, roll.plan.time},
        [&](ByteView text) { return put_chunk(writer, text); }, writer, edit);
    edit.remove("backup_manifest");  // after what edits it: it is of the old one's files
    rolled.tree = edit.finish(writer, tree::NodeBounds(roll.cache.store().keys().gear));
    return rolled;
}

}  // namespace yore::ingest
