// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/view/journal_scan.h>
#include <yore/view/log_replay.h>

namespace yore::view {
namespace {

/// All steps of a segment, whenever they were.
void each_step(const store::ObjectCache& cache, const catalog::LogSegment& stored,
               const timeline::Points& points,
               const std::function<void(const JournalStep&)>& visit) {
    const format::Journal journal = read_journal(cache, stored);
    std::optional<Timestamp> before;
    std::size_t at = 0;
    for (std::uint32_t place = 0; place < points.list.count(); ++place) {
        const format::RestorePoint point = points.list.at(place);
        const std::size_t from = at;
        while (at < journal.records.size() && journal.begin.value + at <= point.position.value)
            ++at;
        const std::span records(journal.records.data() + from, at - from);
        visit({point.time, before, records, stored, {journal.begin.value + from}});
        before = point.time;
    }
}

}  // namespace

tree::EntryView JournalStep::entry(const store::ObjectCache& cache, std::size_t record) const {
    return journal_entry(cache, segment, {first.value + record});
}

void scan_journal(const SourceRecords& records, const store::ObjectCache& cache, Timestamp after,
                  Timestamp until, const std::function<void(const JournalStep&)>& visit) {
    for (const timeline::Incarnation& line : records.incarnations()) {
        const auto first = records.segment_later_than(line.number, after);
        if (!first) continue;
        records.logs().scan_segments(
            records.source(), line.number, first->begin, [&](const catalog::LogSegment& segment) {
                if (segment.first_time > until) return false;
                if (segment.points)
                    each_step(cache, segment, records.points(planned(segment)),
                              [&](const JournalStep& step) {
                                  if (after < step.time && step.time <= until) visit(step);
                              });
                return true;
            });
    }
}

}  // namespace yore::view
