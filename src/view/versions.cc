// SPDX-License-Identifier: Apache-2.0
#include <yore/base/path.h>
#include <yore/catalog/log.h>
#include <yore/tree/compare.h>
#include <yore/view/journal_scan.h>
#include <yore/view/moment.h>
#include <yore/view/versions.h>

#include <algorithm>
#include <limits>

namespace yore::view {
namespace {

std::vector<std::string> parts_of(std::string_view path) {
    std::vector<std::string> parts{"root"};  // the one entry of a state's root
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        parts.emplace_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

}  // namespace

std::string StoredState::name() const {
    const auto* snapshot = std::get_if<catalog::SnapshotName>(&tree);
    return snapshot != nullptr ? snapshot->text() : moment_name(time);
}

std::vector<StoredState> states_of(const catalog::Catalog& catalog, std::uint32_t source) {
    std::vector<StoredState> states;
    for (const auto& item : catalog.snapshot_line(source)->items)
        states.push_back({item.latest_end, item.name});
    const catalog::Logs logs(catalog.store());
    for (const catalog::LogIncarnation& incarnation : logs.incarnations(source))
        logs.scan_segments(source, incarnation.number, {}, [&](const catalog::LogSegment& segment) {
            if (segment.tree_after) states.push_back({segment.last_time, segment.tree_after->root});
            return true;
        });
    std::ranges::stable_sort(states, {}, &StoredState::time);
    return states;
}

std::optional<NodeId> root_of(const catalog::Catalog& catalog, std::uint32_t source,
                              const StoredState& state) {
    if (const auto* root = std::get_if<NodeId>(&state.tree)) return *root;
    const auto record = catalog.snapshot(source, std::get<catalog::SnapshotName>(state.tree));
    return record ? std::optional(record->root) : std::nullopt;
}

PathFollower::PathFollower(const catalog::Catalog& catalog, const store::ObjectCache& cache,
                           std::uint32_t source, std::string_view path)
    : catalog_(catalog), cache_(cache), source_(source), parts_(parts_of(path)) {}

const std::optional<tree::EntryView>* PathFollower::go_to(const StoredState& state) {
    std::optional<NodeId> directory = root_of(catalog_, source_, state);
    if (!directory) return nullptr;
    std::optional<tree::EntryView> entry;
    std::vector<NodeId> passed;
    for (std::size_t depth = 0; depth < parts_.size() && directory; ++depth) {
        if (depth < directories_.size() && directories_[depth] == *directory) {
            const auto same = directories_.begin() + static_cast<std::ptrdiff_t>(depth);
            passed.insert(passed.end(), same, directories_.end());
            directories_ = std::move(passed);
            moved_ = false;
            return &found_;
        }
        passed.push_back(*directory);
        entry = tree::Directory(cache_, *directory).find(parts_[depth]);
        directory = entry ? entry->child() : std::nullopt;
        if (!directory && depth + 1 < parts_.size()) entry.reset();
    }
    directories_ = std::move(passed);
    found_ = std::move(entry);
    moved_ = true;
    return &found_;
}

namespace {

constexpr Timestamp before_all{std::numeric_limits<std::int64_t>::min()};
constexpr Timestamp after_all{std::numeric_limits<std::int64_t>::max()};

bool touches(const format::JournalRecord& record, std::string_view path) {
    return std::ranges::any_of(
        record.paths, [&](const std::string& changed) { return is_at_or_below(path, changed); });
}

/// Walks through the states of one path, and through the journal between them.
class VersionScan {
  public:
    VersionScan(const catalog::Catalog& catalog, const store::ObjectCache& cache,
                std::uint32_t source, std::string_view path, const Replay* replay,
                const std::function<bool(const Version&)>& visit)
        : cache_(cache),
          records_(catalog, cache, source),
          path_(path),
          replay_(replay),
          visit_(visit),
          follower_(catalog, cache, source, path) {}

    void run(const std::vector<StoredState>& states) {
        Timestamp last = before_all;
        for (const StoredState& state : states) {
            const auto* entry = follower_.go_to(state);
            if (entry == nullptr) continue;
            if (follower_.moved() && !is_directory(*entry)) {
                const auto times = touched_between(last, state.time);
                if (!look_at(times)) return;
                if (!times.empty()) entry = follower_.go_to(state);
            }
            if (entry == nullptr || !tell(state, *entry)) return;
            last = state.time;
        }
        if (!is_directory(before_)) look_at(touched_between(last, after_all));
    }

  private:
    static bool is_directory(const std::optional<tree::EntryView>& entry) {
        return entry && entry->child();
    }
    /// False: `visit` stopped.
    bool tell(const StoredState& state, const std::optional<tree::EntryView>& entry) {
        if (!before_ && !entry) return true;
        Version version{state, entry};
        if (before_ && entry) {
            const tree::EntryChange change = tree::change_between(*before_, *entry);
            if (!change.content && !change.attributes) return true;
            version.content = change.content;
        }
        before_ = entry;
        return visit_(version);
    }
    bool look_at(const std::vector<Timestamp>& times) {
        for (const Timestamp time : times) {
            const auto answer = open_moment(records_, timeline::Moment(time), after_all, replay_);
            const auto* opened = std::get_if<Opened>(&answer);
            if (opened == nullptr || !std::holds_alternative<NodeId>(opened->tree)) continue;
            const StoredState state{time, opened->tree};
            const auto* entry = follower_.go_to(state);
            if (entry != nullptr && !tell(state, *entry)) return false;
        }
        return true;
    }
    /// The moments behind `after` and before `before` of which the journal has the path, or a
    /// directory that it is in. Without a replay: none.
    std::vector<Timestamp> touched_between(Timestamp after, Timestamp before) const {
        std::vector<Timestamp> times;
        if (replay_ == nullptr) return times;
        scan_journal(records_, cache_, after, before, [&](const JournalStep& step) {
            const bool is_touched = std::ranges::any_of(
                step.records, [&](const auto& record) { return touches(record, path_); });
            if (is_touched && step.time < before) times.push_back(step.time);
        });
        std::ranges::sort(times);
        times.erase(std::unique(times.begin(), times.end()), times.end());
        return times;
    }

    const store::ObjectCache& cache_;
    const SourceRecords records_;
    const std::string_view path_;
    const Replay* replay_;
    const std::function<bool(const Version&)>& visit_;
    PathFollower follower_;
    std::optional<tree::EntryView> before_;
};

}  // namespace

void scan_versions(const catalog::Catalog& catalog, const store::ObjectCache& cache,
                   std::uint32_t source, std::string_view path, const Replay* replay,
                   const std::function<bool(const Version&)>& visit) {
    const auto known = catalog.source(source);
    const bool has_journal = known && known->kind == catalog::SourceKind::directory;
    VersionScan(catalog, cache, source, path, has_journal ? replay : nullptr, visit)
        .run(states_of(catalog, source));
}

}  // namespace yore::view
