// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/path.h>
#include <yore/postgresql/prepared_tree.h>
#include <yore/postgresql/wal_header.h>
#include <yore/tree/content.h>
#include <yore/view/cluster_log.h>
#include <yore/view/cluster_moment.h>
#include <yore/view/log_replay.h>

#include <algorithm>
#include <array>
#include <string>

namespace yore::view {
namespace {

constexpr std::string_view wal_directory = "pg_wal", partial_suffix = ".partial",
                           tablespace_directory = "pg_tblspc";
/// In 16 chunks, as many as an entry names.
constexpr std::uint64_t text_bytes_max = 16 * store::chunk_bytes_max;

/// pg_verifybackup does not look at the others.
bool in_manifest(const postgresql::PreparedTree::File& file) {
    return file.path != "postgresql.auto.conf" && file.path != "recovery.signal";
}

std::string guard_text(std::string_view path) {
    return fmt::format(
        "The log up to this moment makes a tablespace in {0}. Where the original runs, its files "
        "are\nthere: this copy would change them. So it does not start.\n\nA later base backup has "
        "the tablespace in it. Or, on another host, and with {0} empty:\nremove this "
        "directory, and start the copy.\n",
        path);
}

class ClusterMoment {
  public:
    ClusterMoment(const StoredBackup& backup, const MadeTexts& texts, store::NodeSink& nodes,
                  tree::TreeEdit& edit)
        : backup_(backup),
          texts_(texts),
          nodes_(nodes),
          edit_(edit),
          incarnations_(backup.logs.incarnations(backup.source)) {
        const auto root = tree::Directory(backup.cache, backup.root).find("root");
        if (!root || !root->child()) throw Error(Errc::corrupt, "the backup has no directory");
        top_ = root->copy();
        const auto version = find("PG_VERSION");
        if (!version) throw Error(Errc::corrupt, "the backup has no PG_VERSION");
        like_ = version->attributes();
    }

    void add_log(const std::vector<timeline::LogRange>& ranges, const LastRecord& last) {
        begin_ = ranges.front().begin;
        last_ = last;
        for (const timeline::LogRange& range : ranges) {
            const bool is_last = &range == &ranges.back();
            add_segments(range, is_last ? end_of_last_record(range.incarnation) : range.end);
            add_history(range.incarnation);
        }
    }

    /// Replay of a tablespace's creation would make its place in the copy a link to where the
    /// original has its files, and change those. It ends before that where a directory is in the
    /// way (CheckTablespaceDirectory() in src/backend/access/transam/xlogrecovery.c), at the latest
    /// when it cannot remove it (remove_tablespace_symlink() in src/backend/commands/tablespace.c).
    void guard_tablespaces() {
        const auto above = find(tablespace_directory);
        if (demands_.tablespaces.empty() || !above) return;
        for (const auto& [made, oid, path] : demands_.tablespaces) {
            const std::string place = fmt::format("{}/{}", tablespace_directory, oid);
            tree::Entry directory;
            directory.attributes = above->attributes();
            edit_.put(place, std::move(directory));
            put_text(place + "/READ_ME_FIRST", guard_text(path));
            put_text(place + "/location", path);  // for who can keep the server away from it
        }
    }

    void prepare(const postgresql::RecoveryTarget& target) {
        // The manifest of a large cluster takes long to read, and rarely changes: as a rule the
        // settings that it knows are fit since the backup was stored.
        auto prepared = prepared_for(target, false);
        if (std::ranges::any_of(prepared.files, in_manifest)) prepared = prepared_for(target, true);
        for (const auto& [path, text] : prepared.files) put_text(path, text);
        for (const std::string& path : prepared.removed) edit_.remove(path);
    }

  private:
    postgresql::PreparedTree prepared_for(const postgresql::RecoveryTarget& target,
                                          bool with_manifest) const {
        const postgresql::StoredFiles stored{
            [&](std::string_view path) -> std::optional<std::string> {
                if (path == "backup_manifest" && !with_manifest) return std::nullopt;
                return read(path);
            },
            [&](std::string_view path) { return names_in(path); }};
        return postgresql::prepare_tree(
            stored, {.target = target, .clone = std::nullopt, .limits = demands_.limits});
    }

    LogPosition end_of_last_record(std::uint32_t incarnation) const {
        const auto segment =
            backup_.logs.segment_ending_after(backup_.source, incarnation, last_.position);
        if (!segment || segment->begin > last_.position) throw gone(last_.position);
        const tree::ContentReader log(backup_.cache, content_of(*segment));
        std::array<std::byte, postgresql::long_page_header_bytes> header{};
        std::array<std::byte, postgresql::record_length_bytes> length{};
        log.read(0, header);
        log.read(last_.position.value - segment->begin.value, length);
        return postgresql::position_of(
            postgresql::end_of_record(postgresql::parse_segment_header(header, segment->name),
                                      postgresql::lsn_of(last_.position), length));
    }
    static Error gone(LogPosition at) {
        return {Errc::not_found,
                fmt::format("the log at {} is gone", to_text(postgresql::lsn_of(at)))};
    }

    /// `end`: of what is shown of them.
    void add_segments(const timeline::LogRange& range, LogPosition end) {
        LogPosition at = range.begin;
        backup_.logs.scan_segments(backup_.source, range.incarnation, range.begin,
                                   [&](const auto& segment) {
                                       if (segment.begin >= range.end || segment.begin > at)
                                           return false;
                                       put_segment(segment, end);
                                       demands_.take(segment, begin_, last_.position);
                                       at = segment.end;
                                       return true;
                                   });
        if (at < range.end) throw gone(at);
    }
    void put_segment(const catalog::LogSegment& segment, LogPosition end) {
        const auto size = wal_segment_size(segment);
        if (!size) throw Error(Errc::corrupt, fmt::format("log segment {}: no WAL", segment.name));
        const bool is_whole = segment.bytes >= size->bytes() && segment.end <= end;
        tree::Entry entry;
        entry.attributes = like_;
        entry.content = is_whole ? content_of(segment) : cut(segment, end, *size);
        std::string_view name = segment.name;
        if (name.ends_with(partial_suffix)) name.remove_suffix(partial_suffix.size());
        entry.attributes.size = entry.content.size;
        entry.attributes.modified = entry.attributes.changed =
            is_whole ? segment.last_time : last_.time;
        edit_.put(join_path(wal_directory, name), std::move(entry));
    }

    void add_history(std::uint32_t number) {
        const std::uint32_t timeline = system_timeline(number).timeline.value;
        if (const auto text = history_text(incarnations_, number))
            put_text(fmt::format("{}/{:08X}.history", wal_directory, timeline), *text);
    }

    /// Up to `end`. The bytes before it are kept as a chunk of their own: that which is stored with
    /// them holds more when more of the segment has come. Behind it are zeros, which are the end of
    /// the log to a server; it reads whole pages, and more of them than it needs.
    tree::Content cut(const catalog::LogSegment& segment, LogPosition end,
                      postgresql::SegmentSize size) {
        const tree::ContentReader stored(backup_.cache, content_of(segment));
        const std::uint64_t kept = std::min(end.value - segment.begin.value, stored.size());
        tree::ContentBuilder builder(nodes_);
        stored.scan(0, [&](const tree::PlacedExtent& placed) {
            if (placed.end() < kept) {
                builder.add(placed.extent);
                return true;
            }
            Buffer bytes(kept - placed.start);
            stored.read(placed.start, bytes.span());
            builder.add({bytes.size(), texts_(bytes), 0});
            return false;
        });
        builder.add({size.bytes() - kept, std::nullopt, 0});
        return builder.finish();
    }

    std::optional<tree::EntryView> find(std::string_view path) const {
        std::optional<NodeId> directory = top_.child;
        for (;;) {
            if (!directory) return std::nullopt;
            const auto slash = path.find('/');
            const auto entry =
                tree::Directory(backup_.cache, *directory).find(path.substr(0, slash));
            if (!entry || slash == path.npos) return entry;
            directory = entry->child();
            path.remove_prefix(slash + 1);
        }
    }
    std::optional<std::string> read(std::string_view path) const {
        const auto entry = find(path);
        if (!entry || entry->kind() != tree::FileKind::regular) return std::nullopt;
        const tree::ContentReader reader(backup_.cache, entry->content());
        if (reader.size() > text_bytes_max)
            throw Error(Errc::unsupported, fmt::format("{} is too long to be changed", path));
        std::string text(reader.size(), '\0');
        reader.read(0, {reinterpret_cast<std::byte*>(text.data()), text.size()});
        return text;
    }
    std::vector<std::string> names_in(std::string_view path) const {
        const auto entry = find(path);
        std::vector<std::string> names;
        if (entry && entry->child())
            tree::Directory(backup_.cache, *entry->child()).scan("", [&](const auto& each) {
                names.emplace_back(each.name());
                return true;
            });
        return names;
    }

    /// Attributes are those of the file that was there, or like those of others.
    void put_text(const std::string& path, std::string_view text) {
        const auto before = find(path);
        tree::Entry entry;
        entry.attributes = before ? before->attributes() : like_;
        entry.attributes.kind = tree::FileKind::regular;
        entry.attributes.link_count = 1;
        for (std::size_t at = 0; at < text.size(); at += store::chunk_bytes_max) {
            const std::string_view part = text.substr(at, store::chunk_bytes_max);
            entry.content.extents.push_back({part.size(), texts_(as_bytes(part)), 0});
        }
        entry.attributes.size = entry.content.size = text.size();
        edit_.put(path, std::move(entry));
    }

    const StoredBackup& backup_;
    const MadeTexts& texts_;
    store::NodeSink& nodes_;
    tree::TreeEdit& edit_;
    const std::vector<catalog::LogIncarnation> incarnations_;
    tree::Entry top_;
    tree::Attributes like_;
    LogPosition begin_;
    LastRecord last_;
    ReplayDemands demands_;
};

}  // namespace

void apply_wal(const StoredBackup& backup, const std::vector<timeline::LogRange>& ranges,
               const LastRecord& last, const MadeTexts& texts, store::NodeSink& nodes,
               tree::TreeEdit& edit) {
    YORE_ENSURE(!ranges.empty());
    ClusterMoment moment(backup, texts, nodes, edit);
    moment.add_log(ranges, last);
    moment.guard_tablespaces();
    moment.prepare(
        {system_timeline(ranges.back().incarnation).timeline, postgresql::lsn_of(last.position)});
}

}  // namespace yore::view
