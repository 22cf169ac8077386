// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/log_receiver.h"

#include <yore/base/log.h>

#include <algorithm>

#include "ingest/postgresql/new_tablespace.h"
#include "ingest/postgresql/slots.h"
#include "ingest/postgresql/stream_start.h"

namespace yore::ingest {
namespace {

using namespace postgresql;
using Steady = std::chrono::steady_clock;

/// More than what arrives while a sync runs, and little enough for a reply within a second.
constexpr std::size_t gathered_bytes_max = 1u << 20;
constexpr std::chrono::milliseconds tell_interval{1000}, tell_interval_pending{100};

std::chrono::nanoseconds to_chrono(Duration duration) {
    return std::chrono::nanoseconds(duration.ns);
}

/// Also when it fails.
class SlotBeginning {
  public:
    explicit SlotBeginning(SlotWatch& watch) : watch_(watch) { watch_.let_begin(true); }
    ~SlotBeginning() { watch_.let_begin(false); }
    SlotBeginning(const SlotBeginning&) = delete;
    SlotBeginning& operator=(const SlotBeginning&) = delete;

  private:
    SlotWatch& watch_;
};

}  // namespace

LogReceiver::LogReceiver(const FoldingOrder& order, const ClusterFollowOptions& options,
                         SlotWatch& watch, std::stop_token stop)
    : order_(order),
      options_(options),
      watch_(watch),
      stop_(std::move(stop)),
      slot_(replication_slot_name(order.source.name)) {}
LogReceiver::~LogReceiver() = default;

void LogReceiver::settle() {
    folder_.reset();
    tail_.reset();
    store_tails(order_);
}

void LogReceiver::receive() {
    conninfo_ = fed_source().postgresql.conninfo;
    is_of_source_ = true;
    Connection connection(conninfo_, stop_);
    connection.on_message([&](const ServerMessage& message) {
        log_warning("source {}: the server: {}", order_.source.name, message.text);
    });
    host_ = connection.host();
    const SlotBeginning beginning(watch_);
    const LogPlace place = find_place(connection);
    folder_.emplace(order_, server_.format.segment_size);
    log_info("source {}: the log of {} is received from {}", order_.source.name, connection.host(),
             to_text(place));
    for (std::optional<LogPlace> next = place; next; next = stream(connection, *next)) open(*next);
}

/// From where on, with the slot made and the history of the server's timeline stored.
LogPlace LogReceiver::find_place(Connection& connection) {
    server_ = ask_for_log(connection);
    system_ = newest_system_of(order_.catalog, order_.source, server_.format.system_identifier,
                               "the cluster at " + connection.host());
    const bool had_slot = !make_slot_of_source(connection);
    const Timeline timeline = server_.end.timeline;
    std::vector<TimelineSwitch> history;
    if (timeline > Timeline{1}) {
        std::string text;
        store_history(connection, timeline, text);
        history = parse_timeline_history(as_bytes(text), timeline, to_text(timeline) + ".history");
    }
    const LogPlace place = place_to_begin(order_.catalog, order_.source, system_, server_, history,
                                          position_to_begin(connection, server_));
    keep_to_limit(connection, place, had_slot);
    return place;
}

/// What would be above it is received without a slot: the server may remove it meanwhile.
void LogReceiver::keep_to_limit(Connection& connection, const LogPlace& from, bool had_slot) {
    const catalog::Source source = fed_source();
    slot_limit_ = source.postgresql.pinned_bytes_max;
    const Lsn end = server_.end.at;
    const std::uint64_t kept = end <= from.at ? 0 : end.value - from.at.value;
    has_slot_ = slot_limit_ == 0 || kept <= slot_limit_;
    if (has_slot_) return;
    if (drop_slot_soon(connection, slot_, stop_) && had_slot)
        tell_dropped_slot(source, options_, connection.host(), kept);
}

/// Whether the limit asks for a connection without the slot, or lets it have one again.
bool LogReceiver::is_slot_due(const LogStream& stream) const {
    if (slot_limit_ == 0) return !has_slot_;
    if (has_slot_) return done_.pinned > slot_limit_;
    return stream.server_end().valid() && done_.pinned <= slot_limit_ / 2;
}

/// Who removes the source drops the slot: none is left behind when that happens meanwhile.
bool LogReceiver::make_slot_of_source(Connection& connection) const {
    const bool is_new = make_slot(connection, slot_);
    try {
        fed_source();
        return is_new;
    } catch (const Error&) {
        drop_slot(connection, slot_);
        throw;
    }
}

/// The first that the slot keeps, or just where the server is.
Lsn LogReceiver::position_to_begin(Connection& connection, const ServerLog& server) const {
    return slot_position(connection, slot_).value_or(server.end.at);
}

void LogReceiver::store_history(Connection& connection, Timeline timeline,
                                std::string& text) const {
    text = ask_for_history(connection, timeline);
    const std::string name = to_text(timeline) + ".history";
    std::string_view left = text;
    const StreamReader read = [&](MutableBytes into) {
        const std::size_t count = std::min(into.size(), left.size());
        std::ranges::copy(as_bytes(left.substr(0, count)), into.begin());
        left.remove_prefix(count);
        return count;
    };
    LogFileOrder stored{order_.catalog, order_.cache, order_.source, name, read, order_.clock};
    stored.system_identifier = system_.identifier;
    store_log_file(stored, stop_);
}

/// The tail, to append to it there, and a reader that has read it up to there. What else the tail
/// holds is in segments by now.
void LogReceiver::open(const LogPlace& place) {
    store::Store& store = order_.catalog.store();
    const Timeline timeline = place.timeline;
    tail_.reset();
    tail_id_ = {order_.source.id, view::incarnation_number({system_.number, timeline})};
    opened_at_ = place.at;
    auto extent = extent_of(store, tail_id_);
    if (extent && extent->end != place.at) {
        const store::TailDrop all{tail_id_};
        store.commit({}, {&all, 1});
        extent.reset();
    }
    const Lsn begin = extent ? extent->begin : place.at;
    WalStream format = server_.format;
    format.timeline = timeline;
    format.timeline_start = {};
    for (const auto& each : catalog::Logs(store).incarnations(order_.source.id))
        if (each.number == tail_id_.incarnation && each.fork)
            format.timeline_start = lsn_of(each.fork->at);
    reader_.emplace(format, begin);
    TailFile file(store, tail_id_, begin, place.at);
    Buffer block(gathered_bytes_max);
    while (const std::size_t got = file.read(block.span()))
        reader_->feed(block.view().first(got), *this);
    heard_ = 0;
    has_news_ = false;
    tail_.emplace(store.open_tail(tail_id_));
}

/// A slot that was dropped meanwhile, or (from version 18 on) has lost its log, is refused before
/// the stream begins. A new one leads to the answer that there is otherwise.
LogStream LogReceiver::begin_stream(Connection& connection, const LogPlace& from) const {
    if (!has_slot_) return LogStream(connection, "", from);
    try {
        return LogStream(connection, slot_, from);
    } catch (const Error& error) {
        if (error.code() != Errc::invalid) throw;
        log_warning("source {}: the slot is made anew: {}", order_.source.name, error.what());
    }
    connection.finish();
    drop_slot(connection, slot_);
    make_slot_of_source(connection);
    return LogStream(connection, slot_, from);
}

/// Returns where the log goes on when the server has ended it there; another connection is due:
/// nullopt.
std::optional<LogPlace> LogReceiver::stream(Connection& connection, const LogPlace& from) {
    LogStream stream = begin_stream(connection, from);
    stream.report(order_.clock.now());
    watch_.let_begin(false);
    next_report_ = Steady::now() + to_chrono(options_.report_interval);
    auto state = LogStream::State::open;
    while (state == LogStream::State::open) {
        state = stream.gather(gathered_bytes_max, next_wake());
        const bool has_more = take_in(stream);
        if (has_more || stream.wants_reply() || Steady::now() >= next_report_) {
            stream.report(order_.clock.now());
            next_report_ = Steady::now() + to_chrono(options_.report_interval);
        }
        keep_open_segment(stream.position());
        note_pending(stream);
        tell(stream);
        if (!is_of_source_ || is_slot_due(stream)) return std::nullopt;
    }
    fold(stream.position(), TailPart::Form::last);
    folder_->finish();
    return next_place(connection, stream);
}

LogPlace LogReceiver::next_place(Connection& connection, LogStream& stream) {
    std::optional<LogPlace> next;
    try {
        next = stream.next_place();
    } catch (const Error& error) {
        if (error.code() != Errc::not_found) throw;
        return behind_gap(connection, durable_place(stream), error);
    }
    if (!next) throw Error(Errc::io, "the server ended the stream of its log");
    std::string text;
    store_history(connection, next->timeline, text);
    const SegmentSize size = server_.format.segment_size;
    log_info("source {}: the log goes on at {}", order_.source.name, to_text(*next));
    return {next->timeline, size.start_of(size.segment_of(next->at))};
}

LogPlace LogReceiver::durable_place(const LogStream& stream) const {
    return {view::system_timeline(tail_id_.incarnation).timeline, stream.position()};
}

/// A slot that has lost its log keeps nothing any more: a new one does.
LogPlace LogReceiver::behind_gap(Connection& connection, const LogPlace& gone, const Error& why) {
    connection.finish();
    watch_.let_begin(true);
    drop_slot(connection, slot_);
    make_slot_of_source(connection);
    has_slot_ = true;
    server_ = ask_for_log(connection);
    const SegmentSize size = server_.format.segment_size;
    const Lsn first = position_to_begin(connection, server_);
    const LogPlace next{server_.end.timeline, size.start_of(size.segment_of(first))};
    if (next.timeline <= gone.timeline && next.at <= gone.at) throw why;
    if (next.timeline > gone.timeline) {
        std::string text;
        store_history(connection, next.timeline, text);
    }
    ++done_.lost;
    log_error(
        "source {}: the log from {} on is lost: {}; it goes on from {}, and no moment between them "
        "can be had; take a snapshot, for the moments after it",
        order_.source.name, to_text(gone), why.what(), to_text(next));
    return next;
}

/// Whether there was anything.
bool LogReceiver::take_in(LogStream& stream) {
    const ByteView bytes = stream.gathered();
    if (bytes.empty()) return false;
    const auto began = Steady::now();
    reader_->feed(bytes, *this);
    if (const auto& wrong = reader_->stop())
        throw Error(Errc::corrupt,
                    fmt::format("the log that the server streams is damaged: {}", wrong->text));
    append(stream.position(), bytes);
    stream.take();
    done_.bytes += bytes.size();
    done_.moments += heard_;
    done_.records += std::exchange(heard_, 0);
    const std::chrono::nanoseconds took = Steady::now() - began;
    done_.lag = std::max(done_.lag, Duration{took.count()});
    return true;
}

/// No piece reaches over the end of a segment.
void LogReceiver::append(Lsn position, ByteView bytes) {
    const SegmentSize size = server_.format.segment_size;
    while (!bytes.empty()) {
        const std::size_t left = size.bytes() - size.offset_of(position);
        const ByteView piece =
            bytes.first(std::min({bytes.size(), left, store::tail_piece_bytes_max}));
        tail_->append(position.value, piece);
        position.value += piece.size();
        bytes = bytes.subspan(piece.size());
        if (piece.size() == left) {
            fold(position, TailPart::Form::whole);
            has_news_ = !bytes.empty() && has_news_;
        }
    }
}

/// The segment in which the tail ends.
void LogReceiver::fold(Lsn until, TailPart::Form form) {
    const SegmentSize size = server_.format.segment_size;
    const Lsn begin = size.start_of(size.segment_of({until.value - 1}));
    const bool is_whole = until.value - begin.value == size.bytes();
    if (is_whole != (form == TailPart::Form::whole) || !tail_->end()) return;
    folder_->put({tail_id_, begin, until, form});
}

void LogReceiver::keep_open_segment(Lsn durable) {
    const bool is_idle = folder_->is_idle();
    if (!has_news_ || !is_idle || Steady::now() < next_moments_) return;
    fold(durable, TailPart::Form::open);
    has_news_ = false;
    next_moments_ = Steady::now() + to_chrono(options_.moments_interval);
}

void LogReceiver::on_record(const WalRecord& record, const WalFact* fact) {
    if (fact == nullptr) return;
    if (options_.tablespace_created && std::holds_alternative<TablespaceCreate>(*fact) &&
        record.end > opened_at_ && is_behind_backup(order_.catalog, order_.source, record.lsn))
        options_.tablespace_created();
    const auto point = restore_point_of(record, *fact);
    if (!point) return;
    ++heard_;
    has_news_ = true;
    newest_heard_ = std::max(newest_heard_.value_or(point->time), point->time);
}

/// Since when the server has had something that is not durable here.
void LogReceiver::note_pending(const LogStream& stream) {
    const Lsn durable = stream.position(), end = stream.server_end();
    done_.pinned = end <= durable ? 0 : end.value - durable.value;
    if (durable >= pending_end_) done_.pending_since.reset();
    if (done_.pending_since || done_.pinned == 0) return;
    done_.pending_since = order_.clock.now();
    pending_end_ = end;
}

/// Up to when the log is durable: its last commit, or, when the server has no more, now.
void LogReceiver::tell(const LogStream& stream) {
    const auto now = Steady::now();
    if (now < next_tell_) return;
    next_tell_ = now + (done_.pending_since ? tell_interval_pending : tell_interval);
    const catalog::Source source = fed_source();
    slot_limit_ = source.postgresql.pinned_bytes_max;
    is_of_source_ = source.postgresql.conninfo == conninfo_ &&
                    newest_system(order_.catalog, source).number == system_.number;
    watch_.note({server_.format.system_identifier, host_, durable_place(stream)});
    auto known = newest_heard_;
    if (done_.pinned == 0 && stream.server_time()) known = stream.server_time();
    if (known) done_.known_until = std::max(done_.known_until, *known);
    if (options_.progress) options_.progress(done_);
    done_.lag = {};
}

/// As it is declared by now.
catalog::Source LogReceiver::fed_source() const {
    auto fed = order_.catalog.source(order_.source.id);
    if (!fed || fed->removed)
        throw Error(Errc::not_found, fmt::format("source {} was removed", order_.source.name));
    return std::move(*fed);
}

LogReceiver::Time LogReceiver::next_wake() const {
    const Time wake = std::min(next_report_, next_tell_);
    return has_news_ ? std::min(wake, std::max(next_moments_, Steady::now())) : wake;
}

}  // namespace yore::ingest
