// SPDX-License-Identifier: Apache-2.0
/// What archive_command and restore_command ask for, by the kind of file.
#include <yore/base/error.h>
#include <yore/ingest/postgresql_log.h>
#include <yore/view/cluster_log.h>

#include <algorithm>

#include "ingest/postgresql/wal_store.h"

namespace yore::ingest {
namespace {

using namespace postgresql;

constexpr std::size_t history_bytes_max = 1u << 20;

LogFileName known_name(const std::string& name) {
    if (const auto parsed = parse_any_log_file_name(name)) return *parsed;
    throw Error(Errc::invalid, fmt::format("{} is no file of PostgreSQL's log", name),
                {"such a name is 000000010000000000000003 or 00000002.history"});
}

Bytes read_small_file(const LogFileOrder& order) {
    Bytes bytes(history_bytes_max);
    std::size_t size = 0;
    while (const std::size_t got = order.read(MutableBytes(bytes).subspan(size))) {
        size += got;
        if (size == bytes.size())
            throw Error(Errc::corrupt, fmt::format("{}: it is too long", order.name));
    }
    bytes.resize(size);
    return bytes;
}

/// The log of its parent timeline, in order.
std::vector<catalog::LogRun> parent_runs(const LogFileOrder& order, const System& system,
                                         const TimelineSwitch& step) {
    return catalog::Logs(order.catalog.store())
        .runs(order.source.id, view::incarnation_number({system.number, step.parent}));
}

/// One that is pushed does not say of which it is. Of the newest one, whose servers archive it
/// before the end of the log that it goes on from; but when all that is stored of that is behind
/// the switch, of an older one that has it.
System system_of_history(const LogFileOrder& order, const TimelineSwitch& last) {
    if (order.system_identifier)
        return system_of(order.catalog, order.source, *order.system_identifier, order.name);
    const auto systems = systems_of(order.catalog, order.source);
    const LogPosition at = position_of(last.at);
    const auto of_newest = parent_runs(order, systems.back(), last);
    if (of_newest.empty() || of_newest.front().begin < at) return systems.back();
    const auto has_switch = [&](const System& system) {
        return std::ranges::any_of(parent_runs(order, system, last), [&](const auto& run) {
            return run.begin < at && at <= run.end;
        });
    };
    const auto found = std::find_if(systems.rbegin(), systems.rend(), has_switch);
    return found == systems.rend() ? systems.back() : *found;
}

LogFileTaken store_history(const LogFileOrder& order, Timeline timeline) {
    const Bytes bytes = read_small_file(order);
    const auto history = parse_timeline_history(bytes, timeline, order.name);
    if (history.empty())
        throw Error(Errc::corrupt, fmt::format("{}: it names no timeline", order.name));
    const auto changing = order.catalog.change_logs();
    const auto record = doing([&] { return order.name; },
                              [&] {
                                  return incarnation_of(order.catalog, order.source,
                                                        system_of_history(order, history.back()),
                                                        timeline, history, order.clock.now());
                              });
    if (!record.changes.empty()) order.catalog.store().commit(record.changes);
    return {record.changes.empty() ? LogFileTaken::Outcome::already : LogFileTaken::Outcome::stored,
            record.incarnation.name, 0, 0};
}

/// What is stored of the log of one of a source's systems, to look files up in.
class LogLookup {
  public:
    /// Without a system: of the newest.
    LogLookup(const catalog::Catalog& catalog, const catalog::Source& source,
              std::optional<std::uint32_t> system)
        : catalog_(catalog),
          source_(source.id),
          logs_(catalog.store()),
          incarnations_(logs_.incarnations(source.id)) {
        const auto newest =
            incarnations_.empty() ? 1 : view::system_timeline(incarnations_.back().number).system;
        std::erase_if(incarnations_, [&](const auto& each) {
            return view::system_timeline(each.number).system != system.value_or(newest);
        });
        if (incarnations_.empty())
            throw Error(Errc::not_found,
                        system
                            ? fmt::format("source {} has no log of system {}", source.name, *system)
                            : fmt::format("source {} has no log", source.name),
                        {"is it the right source?"});
    }

    const catalog::LogIncarnation* find(Timeline timeline) const {
        const auto found = std::ranges::find(incarnations_, timeline, [](const auto& each) {
            return view::system_timeline(each.number).timeline;
        });
        return found == incarnations_.end() ? nullptr : &*found;
    }
    Timeline newest() const { return view::system_timeline(incarnations_.back().number).timeline; }
    const std::vector<catalog::LogIncarnation>& incarnations() const { return incarnations_; }

    std::optional<catalog::LogSegment> segment_at(const catalog::LogIncarnation& line,
                                                  LogPosition begin) const {
        auto found = logs_.segment_ending_after(source_, line.number, begin);
        return found && found->begin == begin ? found : std::nullopt;
    }
    /// Up to here the timeline is known to have gone: by its log, by those that forked off it, by
    /// its base backups.
    LogPosition known_end(const catalog::LogIncarnation& line) const {
        LogPosition end;
        const auto runs = logs_.runs(source_, line.number);
        if (!runs.empty()) end = runs.back().end;
        for (const auto& other : incarnations_)
            if (other.fork && other.fork->parent == line.number)
                end = std::max(end, other.fork->at);
        const auto snapshots = catalog_.snapshot_line(source_);
        for (const auto& snapshot : snapshots->items)
            if (snapshot.log && snapshot.log->incarnation == line.number)
                end = std::max(end, snapshot.log->consistent);
        return end;
    }
    /// By whatever segment there is. None: nullopt.
    std::optional<SegmentSize> segment_size() const {
        for (const auto& incarnation : incarnations_)
            if (const auto segment = logs_.segment_ending_after(source_, incarnation.number, {}))
                return view::wal_segment_size(*segment);
        return std::nullopt;
    }

  private:
    const catalog::Catalog& catalog_;
    const std::uint32_t source_;
    const catalog::Logs logs_;
    std::vector<catalog::LogIncarnation> incarnations_;  ///< of the system
};

using Found = std::variant<StoredLogSegment, StoredTimelineHistory, BehindEnd>;

Found find_history(const LogLookup& log, Timeline timeline) {
    // A server asks for the history of the first timeline, too: there is none.
    if (timeline == Timeline{1}) return BehindEnd{"timeline 1 has no history"};
    const auto* line = log.find(timeline);
    if (line == nullptr) return BehindEnd{fmt::format("there is no timeline {}", timeline.value)};
    if (auto text = view::history_text(log.incarnations(), line->number))
        return StoredTimelineHistory{std::move(*text)};
    throw Error(Errc::not_found,
                fmt::format("the history of timeline {} is not stored", timeline.value));
}

Found find_segment(const LogLookup& log, const std::string& name) {
    const auto size = log.segment_size();
    if (!size) throw Error(Errc::not_found, "no segment is stored");
    const auto file = parse_log_file_name(name, *size);
    if (!file)
        throw Error(Errc::invalid,
                    fmt::format("{}: there is no such segment where segments have {} "
                                "bytes",
                                name, size->bytes()));
    const LogPosition begin = position_of(size->start_of(file->segment));
    const bool any_form = file->kind == LogFileName::Kind::segment;
    const auto* line = log.find(file->timeline);
    if (line == nullptr && file->timeline > log.newest())
        return BehindEnd{fmt::format("there is no timeline {}", file->timeline.value)};
    if (line != nullptr)
        if (const auto segment = log.segment_at(*line, begin))
            if (any_form || segment->name == name) return StoredLogSegment{*segment, size->bytes()};
    if (line != nullptr && begin >= log.known_end(*line))
        return BehindEnd{
            fmt::format("{}: the log of timeline {} ends before it", name, file->timeline.value)};
    throw Error(Errc::not_found,
                fmt::format("{} is not stored, but the log goes on behind it", name),
                {"`yore windows SOURCE` shows where it has gaps"});
}

}  // namespace

LogFileTaken store_log_file(const LogFileOrder& order, const std::stop_token& stop) {
    const LogFileName name = known_name(order.name);
    switch (name.kind) {
        case LogFileName::Kind::timeline_history:
            return store_history(order, name.timeline);
        case LogFileName::Kind::backup_history:
            read_small_file(order);
            return {LogFileTaken::Outcome::not_kept, {}, 0, 0};
        case LogFileName::Kind::segment:
        case LogFileName::Kind::partial:
            break;
    }
    return WalStore(order, stop).store();
}

Found find_log_file(const catalog::Catalog& catalog, const catalog::Source& source,
                    const std::string& name) {
    std::string_view native = name;
    const auto system = view::take_numbered("sys", native);
    const std::string file(native);
    const LogFileName parsed = known_name(file);
    const LogLookup log(catalog, source, system);
    if (parsed.kind == LogFileName::Kind::timeline_history)
        return find_history(log, parsed.timeline);
    if (parsed.kind == LogFileName::Kind::backup_history)
        throw Error(Errc::invalid, fmt::format("{}: such files are not stored", name),
                    {"no recovery reads them"});
    return find_segment(log, file);
}

}  // namespace yore::ingest
