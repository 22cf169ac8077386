// SPDX-License-Identifier: Apache-2.0
/// Looking up the records of logs.
#include <yore/base/error.h>
#include <yore/catalog/log.h>

#include <limits>

#include "catalog/keys.h"
#include "catalog/log_records.h"
#include "catalog/logs_stored.h"

namespace yore::catalog {

std::optional<LogPosition> next(LogPosition position) {
    if (position.value == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
    return LogPosition{position.value + 1};
}

void scan_family(const store::Store& store, LogFamily family, LogKey log, LogPosition first,
                 const std::function<bool(const ParsedLogKey&, ByteView)>& visit) {
    store.scan_records(
        log_prefix(family, log), log_key(family, log, first),
        [&](ByteView key, ByteView plain) { return visit(parse_log_key(family, key), plain); });
}

void scan_stored_segments(const store::Store& store, LogKey log, LogPosition after,
                          const std::function<bool(StoredSegment&&)>& visit) {
    const auto first = next(after);
    if (!first) return;
    scan_family(
        store, LogFamily::segment, log, *first,
        [&](const ParsedLogKey& key, ByteView plain) { return visit(decode_segment(key, plain)); });
}

std::optional<StoredSegment> stored_segment(const store::Store& store, LogKey log,
                                            LogPosition end) {
    const auto plain = store.record(log_key(LogFamily::segment, log, end));
    return plain ? std::optional(decode_segment({log, end}, *plain)) : std::nullopt;
}

std::vector<LogIncarnation> Logs::incarnations(std::uint32_t source) const {
    std::vector<LogIncarnation> all;
    const Bytes prefix = incarnations_prefix(source);
    store_.scan_records(prefix, prefix, [&](ByteView key, ByteView plain) {
        all.push_back(decode_incarnation(parse_incarnation_key(key), plain));
        return true;
    });
    return all;
}

std::vector<LogRun> Logs::runs(std::uint32_t source, std::uint32_t incarnation) const {
    std::vector<LogRun> all;
    scan_family(store_, LogFamily::run, {source, incarnation}, {},
                [&](const ParsedLogKey& key, ByteView plain) {
                    all.push_back(decode_run(key, plain));
                    return true;
                });
    return all;
}

std::optional<LogSegment> Logs::segment_ending_after(std::uint32_t source,
                                                     std::uint32_t incarnation,
                                                     LogPosition position) const {
    std::optional<LogSegment> found;
    scan_segments(source, incarnation, position, [&](const LogSegment& segment) {
        found = segment;
        return false;
    });
    return found;
}

std::optional<LogSegment> Logs::segment_ending_at(std::uint32_t source, std::uint32_t incarnation,
                                                  LogPosition end) const {
    auto found = stored_segment(store_, {source, incarnation}, end);
    return found ? std::optional(std::move(found->segment)) : std::nullopt;
}

std::optional<LogSegment> Logs::segment_later_than(std::uint32_t source, std::uint32_t incarnation,
                                                   Timestamp time) const {
    if (time.ns == std::numeric_limits<std::int64_t>::max()) return std::nullopt;
    const LogKey log{source, incarnation};
    const auto end_of_first = [&]() -> std::optional<LogPosition> {
        std::optional<LogPosition> end;
        store_.scan_record_keys(segment_times_prefix(log),
                                segment_time_key({log, {time.ns + 1}, {}}), [&](ByteView key) {
                                    end = parse_segment_time_key(key).end;
                                    return false;
                                });
        return end;
    };
    // What is told by its time may be replaced, by one that ends later, before it is read.
    for (auto end = end_of_first(); end;) {
        if (auto segment = segment_ending_at(source, incarnation, *end)) return segment;
        const auto again = end_of_first();
        if (again == end)
            throw Error(Errc::corrupt, fmt::format("log {} of source {}: no segment ends at {}, "
                                                   "which the table of times names",
                                                   incarnation, source, end->value));
        end = again;
    }
    return std::nullopt;
}

void Logs::scan_segments(std::uint32_t source, std::uint32_t incarnation, LogPosition after,
                         const std::function<bool(const LogSegment&)>& visit) const {
    scan_stored_segments(store_, {source, incarnation}, after,
                         [&](StoredSegment&& stored) { return visit(stored.segment); });
}

void Logs::scan_spans(std::uint32_t source, std::uint32_t incarnation, LogPosition after,
                      const std::function<bool(const LogSpan&)>& visit) const {
    const auto first = next(after);
    if (!first) return;
    scan_family(
        store_, LogFamily::span, {source, incarnation}, *first,
        [&](const ParsedLogKey& key, ByteView plain) { return visit(decode_span(key, plain)); });
}

}  // namespace yore::catalog
