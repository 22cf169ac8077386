// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/log_stream.h"

#include <yore/base/number.h>
#include <yore/postgresql/wal_header.h>

#include <algorithm>

namespace yore::ingest {
namespace {

using namespace postgresql;
using Row = Connection::Row;

Error strange(std::string_view what) {
    return Error(Errc::io, fmt::format("the server broke the protocol of replication: {}", what));
}

const std::string& field(const std::vector<Row>& rows, std::size_t column) {
    if (rows.empty() || rows[0].size() <= column || !rows[0][column])
        throw strange("an answer lacks a field");
    return *rows[0][column];
}

template <typename Number>
Number number_field(const std::vector<Row>& rows, std::size_t column) {
    const auto number = parse_number<Number>(field(rows, column));
    if (!number) throw strange("a field is no number");
    return *number;
}

Lsn lsn_field(const std::vector<Row>& rows, std::size_t column) {
    const auto lsn = parse_lsn(field(rows, column));
    if (!lsn) throw strange("a field is no position");
    return *lsn;
}

/// `16MB`, as the server writes it.
SegmentSize parse_segment_size(std::string_view text) {
    const auto digits = text.substr(0, text.find_first_not_of("0123456789"));
    const auto unit = text.substr(digits.size());
    const auto count = parse_number<std::uint64_t>(digits);
    const unsigned shift = unit == "GB" ? 30 : unit == "MB" ? 20 : unit == "kB" ? 10 : 0;
    const auto size = SegmentSize::of(count.value_or(0) << shift);
    if (!size) throw strange(fmt::format("segments of {}", text));
    return *size;
}

}  // namespace

std::string to_text(const LogPlace& place) {
    return fmt::format("{} on timeline {}", postgresql::to_text(place.at), place.timeline.value);
}

ServerLog ask_for_log(Connection& connection) {
    ServerLog log;
    const auto identity = connection.rows("IDENTIFY_SYSTEM");
    log.format.system_identifier = number_field<std::uint64_t>(identity, 0);
    log.format.timeline = {number_field<std::uint32_t>(identity, 1)};
    log.end = {log.format.timeline, lsn_field(identity, 2)};
    log.format.major_version = connection.server_version() / 10000;
    if (!page_magic_of(log.format.major_version))
        throw Error(Errc::unsupported,
                    fmt::format("the server is of version {}", log.format.major_version));
    log.format.segment_size =
        parse_segment_size(connection.setting("wal_segment_size").value_or(""));
    log.format.block_bytes =
        parse_number<std::uint32_t>(connection.setting("wal_block_size").value_or("")).value_or(0);
    return log;
}

std::string ask_for_history(Connection& connection, Timeline timeline) {
    return field(connection.rows(fmt::format("TIMELINE_HISTORY {}", timeline.value)), 1);
}

LogStream::LogStream(Connection& connection, const std::string& slot, const LogPlace& from)
    : connection_(connection), from_(from), position_(from.at) {
    const std::string by_slot = slot.empty() ? "" : fmt::format("SLOT \"{}\" ", slot);
    connection_.send(fmt::format("START_REPLICATION {}PHYSICAL {} TIMELINE {}", by_slot,
                                 postgresql::to_text(from.at), from.timeline.value));
    connection_.expect_copy_both();
}

void LogStream::take_in(ByteView message) {
    const auto parsed = parse_stream_message(message);
    if (const auto* alive = std::get_if<Keepalive>(&parsed)) {
        wants_reply_ |= alive->wants_reply;
        server_end_ = std::max(server_end_, alive->server_end);
        server_time_ = alive->sent;
        return;
    }
    const auto& piece = std::get<LogPiece>(parsed);
    const Lsn expected{position_.value + gathered_.size()};
    if (piece.start != expected)
        throw Error(Errc::corrupt,
                    fmt::format("the server streams its log from {} on, not from {}",
                                postgresql::to_text(piece.start), postgresql::to_text(expected)));
    server_end_ = std::max(server_end_, piece.server_end);
    server_time_ = piece.sent;
    gathered_.insert(gathered_.end(), piece.bytes.begin(), piece.bytes.end());
}

LogStream::State LogStream::gather(std::size_t bytes_max,
                                   std::chrono::steady_clock::time_point until) {
    using Kind = Connection::Arrival::Kind;
    bool any = false;
    while (gathered_.size() < bytes_max) {
        const auto arrival = connection_.next_arrival();
        if (arrival.kind == Kind::end) return State::ended;
        if (arrival.kind == Kind::message) {
            take_in(arrival.message);
            any = true;
        } else if (!connection_.read_until(any ? std::chrono::steady_clock::time_point() : until)) {
            break;
        }
    }
    return State::open;
}

void LogStream::take() {
    position_.value += gathered_.size();
    gathered_.clear();
}

void LogStream::report(Timestamp now) {
    connection_.put_copy_data(status_update(position_, now));
    wants_reply_ = false;
}

std::optional<LogPlace> LogStream::next_place() {
    const auto rows = connection_.end_copy();
    if (rows.empty()) return std::nullopt;
    return LogPlace{{number_field<std::uint32_t>(rows, 0)}, lsn_field(rows, 1)};
}

}  // namespace yore::ingest
