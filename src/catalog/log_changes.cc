// SPDX-License-Identifier: Apache-2.0
/// What adding and removing segments changes: their records, the greatest times of those that
/// follow, and the runs that they form.
#include <yore/base/error.h>
#include <yore/catalog/log.h>

#include <algorithm>
#include <limits>
#include <map>

#include "catalog/keys.h"
#include "catalog/log_records.h"
#include "catalog/logs_stored.h"

namespace yore::catalog {
namespace {

using Changes = std::vector<store::RecordChange>;
constexpr Timestamp before_all{std::numeric_limits<std::int64_t>::min()};

template <typename Record>
void refuse(const Record& record, std::string_view what) {
    if (const char* problem = problem_in(record))
        throw Error(Errc::invalid, fmt::format("{}: {}", what, problem));
}

LogKey log_of(const LogSegment& segment) {
    return {segment.source, segment.incarnation};
}

void put_segment(Changes& changes, const StoredSegment& stored) {
    const LogSegment& segment = stored.segment;
    const LogKey log = log_of(segment);
    changes.push_back({log_key(LogFamily::segment, log, segment.end), encode(stored)});
    if (segment.points)
        changes.push_back({segment_time_key({log, stored.newest_so_far, segment.end}), Bytes{}});
}

void drop_segment(Changes& changes, const StoredSegment& stored) {
    const LogSegment& segment = stored.segment;
    const LogKey log = log_of(segment);
    changes.push_back({log_key(LogFamily::segment, log, segment.end), std::nullopt});
    if (segment.points)
        changes.push_back({segment_time_key({log, stored.newest_so_far, segment.end}), {}});
}

/// The runs of a log while they are changed.
class Runs {
  public:
    Runs(const store::Store& store, LogKey log) : log_(log) {
        scan_family(store, LogFamily::run, log, {}, [&](const ParsedLogKey& key, ByteView plain) {
            const LogRun run = decode_run(key, plain);
            before_.emplace(run.begin, run.end);
            return true;
        });
        now_ = before_;
    }

    /// The greatest end at or before this position.
    std::optional<LogPosition> end_before(LogPosition position) const {
        for (auto run = now_.lower_bound(position); run != now_.begin();)
            if ((--run)->second <= position) return run->second;
        return std::nullopt;
    }
    void add(LogRun added) {
        auto run = now_.lower_bound(added.begin);
        if (run != now_.begin() && std::prev(run)->second >= added.begin) --run;
        for (; run != now_.end() && run->first <= added.end; run = now_.erase(run)) {
            added.begin = std::min(added.begin, run->first);
            added.end = std::max(added.end, run->second);
        }
        now_[added.begin] = added.end;
    }
    void remove(const LogRun& removed) {
        auto run = now_.upper_bound(removed.begin);
        if (run == now_.begin() || std::prev(run)->second < removed.end)
            throw Error(Errc::corrupt,
                        fmt::format("log {} of source {}: position {} is in no run",
                                    log_.incarnation, log_.source, removed.begin.value));
        --run;
        const LogRun whole{run->first, run->second};
        now_.erase(run);
        if (whole.begin < removed.begin) now_[whole.begin] = removed.begin;
        if (removed.end < whole.end) now_[removed.end] = whole.end;
    }
    void put(Changes& changes) const {
        for (const auto& [begin, end] : before_)
            if (!now_.contains(begin))
                changes.push_back({log_key(LogFamily::run, log_, begin), std::nullopt});
        for (const auto& [begin, end] : now_) {
            const auto was = before_.find(begin);
            if (was == before_.end() || was->second != end)
                changes.push_back(
                    {log_key(LogFamily::run, log_, begin), encode(LogRun{begin, end})});
        }
    }

  private:
    LogKey log_;
    std::map<LogPosition, LogPosition> before_, now_;  ///< ends by begins
};

/// Of the last segment that ends at or before this position, and all before it.
Timestamp newest_before(const store::Store& store, LogKey log, LogPosition position,
                        const Runs& runs) {
    auto before = stored_segment(store, log, position);
    if (!before) {
        const auto end = runs.end_before(position);
        if (!end) return before_all;
        before = stored_segment(store, log, *end);
    }
    if (!before)
        throw Error(Errc::corrupt, fmt::format("log {} of source {}: a run ends without a segment",
                                               log.incarnation, log.source));
    return before->newest_so_far;
}

/// Those behind a segment have a greatest time that is at least its own.
void raise_followers(Changes& changes, const store::Store& store, const StoredSegment& raised) {
    const LogSegment& segment = raised.segment;
    scan_stored_segments(store, log_of(segment), segment.end, [&](StoredSegment&& follower) {
        if (follower.newest_so_far >= raised.newest_so_far) return false;
        drop_segment(changes, follower);
        follower.newest_so_far = raised.newest_so_far;
        put_segment(changes, follower);
        return true;
    });
}

}  // namespace

Changes Logs::add(const LogSegment& segment) const {
    refuse(segment, fmt::format("log segment {}", segment.name));
    const LogKey log = log_of(segment);
    Changes changes;
    bool is_there = false;
    scan_stored_segments(store_, log, segment.begin, [&](StoredSegment&& stored) {
        const LogSegment& other = stored.segment;
        if (other.begin >= segment.end) return false;
        if (other.begin <= segment.begin && segment.end <= other.end) {
            is_there = true;
            return false;
        }
        if (other.begin < segment.begin || segment.end < other.end)
            throw Error(Errc::invalid, fmt::format("log segment {}: overlaps {}, which is stored",
                                                   segment.name, other.name));
        drop_segment(changes, stored);
        return true;
    });
    if (is_there) return {};
    StoredSegment stored{segment, before_all};
    Runs runs(store_, log);
    stored.newest_so_far = newest_before(store_, log, segment.begin, runs);
    if (segment.points) stored.newest_so_far = std::max(stored.newest_so_far, segment.newest_point);
    put_segment(changes, stored);
    raise_followers(changes, store_, stored);
    runs.add({segment.begin, segment.end});
    runs.put(changes);
    return changes;
}

Changes Logs::remove(std::span<const LogSegment> segments) const {
    if (segments.empty()) return {};
    const LogKey log = log_of(segments.front());
    Changes changes;
    Runs runs(store_, log);
    for (const LogSegment& segment : segments) {
        YORE_ENSURE(log_of(segment) == log);
        const auto stored = stored_segment(store_, log, segment.end);
        if (!stored || stored->segment.begin != segment.begin) continue;
        drop_segment(changes, *stored);
        runs.remove({segment.begin, segment.end});
    }
    runs.put(changes);
    return changes;
}

Changes Logs::add(const LogSpan& span) const {
    refuse(span, "span of a log");
    scan_spans(span.source, span.incarnation, span.after, [&](const LogSpan& other) {
        if (other.after < span.until)
            throw Error(Errc::invalid, fmt::format("span of a log: it overlaps one that is stored, "
                                                   "{} to {}: {}",
                                                   to_rfc3339(other.from_time),
                                                   to_rfc3339(other.to_time), other.reason));
        return false;
    });
    return {{log_key(LogFamily::span, {span.source, span.incarnation}, span.until), encode(span)}};
}

store::RecordChange Logs::remove(const LogSpan& span) {
    return {log_key(LogFamily::span, {span.source, span.incarnation}, span.until), std::nullopt};
}

store::RecordChange Logs::put(const LogIncarnation& incarnation) {
    refuse(incarnation, fmt::format("log {}", incarnation.name));
    return {incarnation_key({incarnation.source, incarnation.number}), encode(incarnation)};
}

store::RecordChange Logs::remove(const LogIncarnation& incarnation) {
    return {incarnation_key({incarnation.source, incarnation.number}), std::nullopt};
}

}  // namespace yore::catalog
