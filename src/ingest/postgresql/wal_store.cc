// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/wal_store.h"

#include <yore/base/error.h>
#include <yore/chunker/chunker.h>

#include <algorithm>

namespace yore::ingest {
namespace {

using namespace postgresql;
using catalog::LogSegment;

/// What is stored of the log from just there on, up to `end`.
std::optional<LogSegment> stored_part(const catalog::Logs& logs, std::uint32_t source,
                                      std::uint32_t incarnation, Lsn begin, Lsn end) {
    auto stored = logs.segment_ending_after(source, incarnation, position_of(begin));
    if (!stored || stored->begin >= position_of(end)) return std::nullopt;
    return stored;
}

}  // namespace

std::optional<LogFileName> parse_any_log_file_name(std::string_view name) {
    return parse_log_file_name(name, *SegmentSize::of(1u << 20));  // has the most segments
}

WalStore::WalStore(const LogFileOrder& order, const std::stop_token& stop)
    : order_(order),
      stop_(stop),
      logs_(order.catalog.store()),
      block_(std::make_shared<Buffer>(chunker::log_block_bytes)) {}

LogFileTaken WalStore::store() {
    read_header();
    open_log();
    read_all();
    check_size();
    const std::uint64_t valid = valid_bytes();
    check_copy(valid);
    if (copy_ && copy_->size() >= valid) return leave(LogFileTaken::Outcome::already, valid);
    if (valid == 0) return leave(LogFileTaken::Outcome::not_kept, valid);
    check_whole();
    return commit(valid);
}

/// Less than a whole one is the end of the file.
void WalStore::read_block() {
    block_bytes_ = 0;
    while (block_bytes_ < block_->size()) {
        const std::size_t got = order_.read(block_->span().subspan(block_bytes_));
        if (got == 0) break;
        block_bytes_ += got;
    }
}

void WalStore::read_header() {
    read_block();
    header_ = parse_segment_header(block_->view().first(block_bytes_), order_.name);
    const auto name = parse_log_file_name(order_.name, header_.segment_size);
    if (!name)
        throw Error(Errc::invalid,
                    fmt::format("{}: there is no such segment where segments have {} bytes",
                                order_.name, header_.segment_size.bytes()));
    name_ = *name;
    if (header_.start != header_.segment_size.start_of(name_.segment))
        throw Error(
            Errc::corrupt,
            fmt::format("{}: it holds the log from {} on, not from {}", order_.name,
                        postgresql::to_text(header_.start),
                        postgresql::to_text(header_.segment_size.start_of(name_.segment))),
            {"a file that was recycled for this segment, and not yet written? Or renamed?"});
    if (header_.timeline > name_.timeline)
        throw Error(Errc::corrupt,
                    fmt::format("{}: it is of timeline {}", order_.name, header_.timeline.value));
}

TimelineRecord WalStore::timeline_record() const {
    return doing([&] { return order_.name; },
                 [&] {
                     return incarnation_of(order_.catalog, order_.source, system_, name_.timeline,
                                           order_.clock.now());
                 });
}

void WalStore::open_log() {
    const auto& source = order_.source;
    system_ = system_of(order_.catalog, source, header_.system_identifier, order_.name);
    incarnation_ = timeline_record().incarnation;
    const LogPosition begin = position_of(header_.start);
    WalStream stream{header_.major_version, header_.system_identifier,
                     header_.segment_size,  header_.block_bytes,
                     name_.timeline,        {}};
    before_ = logs_.segment_ending_at(source.id, incarnation_.number, begin);
    if (const auto& fork = incarnation_.fork) {
        stream.timeline_start = lsn_of(fork->at);
        if (end() <= stream.timeline_start)
            throw Error(Errc::corrupt, fmt::format("{}: timeline {} begins at {}, behind it",
                                                   order_.name, name_.timeline.value,
                                                   postgresql::to_text(stream.timeline_start)));
        if (!before_ && begin <= fork->at)
            before_ = logs_.segment_ending_at(source.id, fork->parent, begin);
    }
    const auto stored = stored_part(logs_, source.id, incarnation_.number, header_.start, end());
    if (stored) copy_.emplace(order_.cache, *stored);
    const bool is_whole = stored && stored->end == position_of(end());
    if (is_whole && !is_partial()) return;
    reading_.emplace(stream, header_.start, before_, order_.cache);
    if (is_whole) return;
    writer_ = order_.catalog.store().write();
    content_.emplace(*writer_, stop_);
}

/// Behind a stop there is nothing that is kept. Blocks are handed on: each gets memory of its own.
void WalStore::read_all() {
    for (; block_bytes_ > 0; read_block()) {
        if (stop_.stop_requested()) throw Error(Errc::cancelled, "stopped");
        const ByteView bytes = block_->view().first(block_bytes_);
        if (copy_) copy_->compare(file_bytes_, bytes);
        const bool goes_on = reading_ && !reading_->stop();
        if (goes_on) reading_->feed(bytes);
        if (goes_on && content_) {
            content_->add(block_, block_bytes_);
            block_ = std::make_shared<Buffer>(chunker::log_block_bytes);
        }
        file_bytes_ += block_bytes_;
        if (file_bytes_ > header_.segment_size.bytes()) break;
    }
    if (content_) content_->finish();
}

void WalStore::check_size() const {
    const std::uint64_t whole = header_.segment_size.bytes();
    if (file_bytes_ > whole || (file_bytes_ < whole && !is_partial()))
        throw Error(Errc::invalid, fmt::format("{}: it has {} {} bytes, a segment {}", order_.name,
                                               file_bytes_ > whole ? "more than" : "just",
                                               std::min(file_bytes_, whole), whole));
}

/// So many bytes of the file are log of this timeline.
std::uint64_t WalStore::valid_bytes() const {
    if (!is_partial()) return header_.segment_size.bytes();
    const Lsn valid = reading_->valid_end();
    const auto& fork = incarnation_.fork;
    if (fork && position_of(valid) <= fork->at) return 0;
    // Behind a switch the log goes on with the next segment, whether or not the zeros up to there
    // have come.
    return std::min(valid.value - header_.start.value, file_bytes_);
}

void WalStore::check_copy(std::uint64_t valid) const {
    const auto at = copy_ ? copy_->difference() : std::nullopt;
    if (!at || *at >= valid) return;
    throw Error(Errc::exists,
                fmt::format("{}: it is stored with other bytes, from byte {} on", order_.name, *at),
                {"do two servers archive into this source? A copy that was started must not: its "
                 "archive_mode stays off"});
}

/// Where a whole segment stops to be log, something is wrong with it.
void WalStore::check_whole() const {
    if (is_partial() || !reading_->stop()) return;
    const WalStop& stop = *reading_->stop();
    std::string hint = "the file is damaged, or was not yet written";
    if (stop.nothing_follows())
        hint = "a segment that is not full? As NAME.partial it is stored up to where it ends";
    else if (reading_->follows())
        hint = fmt::format("{}, on which it has to follow, is stored", before_->name);
    throw Error(Errc::corrupt, fmt::format("{}: {}", order_.name, stop.text), {hint});
}

LogSegment WalStore::describe(const LogFindings& found, Lsn end) const {
    LogSegment segment;
    segment.source = order_.source.id;
    segment.incarnation = incarnation_.number;
    segment.sequence = name_.segment.value;
    segment.name = postgresql::to_text(name_, header_.segment_size);
    segment.begin = position_of(header_.start);
    segment.end = position_of(end);
    const Timestamp known = before_ ? before_->last_time : found.first_time.value_or(Timestamp{});
    segment.first_time = found.first_time.value_or(known);
    segment.last_time = std::max(known, found.last_time.value_or(known));
    content_->describe(segment, end.value - header_.start.value);
    add_points(segment, found);
    segment.demands = found.demands;
    return segment;
}

void WalStore::add_points(LogSegment& segment, const LogFindings& found) const {
    if (found.points.count() == 0) return;
    segment.points = writer_->put_node(found.points.encode());
    segment.point_count = found.points.count();
    segment.newest_point = found.points.points().front().time;
    for (const auto& point : found.points.points())
        segment.newest_point = std::max(segment.newest_point, point.time);
}

/// The segment in which a timeline forks off holds the last part of its parent's log, too. It is
/// stored as the parent's `.partial`, which is the same bytes: so the parent's log reaches the
/// fork, also where nobody archives that file.
std::optional<LogSegment> WalStore::parents_part() const {
    const auto& fork = incarnation_.fork;
    const LogPosition begin = position_of(header_.start);
    if (!fork || fork->at <= begin || fork->at >= position_of(end())) return std::nullopt;
    LogSegment part = describe(reading_->parents(), lsn_of(fork->at));
    part.incarnation = fork->parent;
    part.name = postgresql::to_text(
        LogFileName{LogFileName::Kind::partial, view::system_timeline(fork->parent).timeline,
                    name_.segment, 0},
        header_.segment_size);
    return part;
}

bool WalStore::is_stored_alike(const LogSegment& segment) const {
    const auto other = logs_.segment_ending_at(segment.source, segment.incarnation, segment.end);
    return other && other->extents == segment.extents && other->list == segment.list;
}

/// Nothing of it is to be stored, or not any more.
LogFileTaken WalStore::leave(LogFileTaken::Outcome outcome, std::uint64_t valid) const {
    if (order_.drop) order_.catalog.store().commit({}, {&*order_.drop, 1});
    return {outcome, incarnation_.name, valid, 0};
}

LogFileTaken WalStore::commit(std::uint64_t valid) {
    const LogSegment segment = describe(reading_->own(), {header_.start.value + valid});
    const auto part = parents_part();
    const auto changing = order_.catalog.change_logs();
    auto changes = logs_.add(segment);
    if (changes.empty()) {  // somebody was faster
        if (is_stored_alike(segment)) return leave(LogFileTaken::Outcome::already, valid);
        throw Error(Errc::busy, fmt::format("{}: it was stored meanwhile", order_.name),
                    {"try again, and it is compared with what is stored"});
    }
    const auto add = [&](std::vector<store::RecordChange> more) {
        changes.insert(changes.end(), std::make_move_iterator(more.begin()),
                       std::make_move_iterator(more.end()));
    };
    if (part) add(logs_.add(*part));
    add(timeline_record().changes);
    const auto* drop = order_.drop ? &*order_.drop : nullptr;
    writer_->commit(changes, {drop, drop != nullptr ? std::size_t{1} : 0});
    return {LogFileTaken::Outcome::stored, incarnation_.name, valid, segment.point_count};
}

}  // namespace yore::ingest
