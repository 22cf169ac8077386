// SPDX-License-Identifier: Apache-2.0
/// log-list: `source`. In the order of the log an event `segment` each, and `span` for what is lost
/// or uncertain.
#include <yore/catalog/log.h>
#include <yore/command/text.h>
#include <yore/postgresql/lsn.h>

#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"

namespace yore::command {
namespace {

/// Of a journal, the last segment is open as long as it has no tree. Where PostgreSQL's log lies is
/// told as the server does.
nlohmann::json describe(const catalog::LogSegment& segment, const std::string& incarnation,
                        bool is_wal) {
    nlohmann::json row{{"event", "segment"},
                       {"incarnation", incarnation},
                       {"name", segment.name},
                       {"begin", segment.begin.value},
                       {"end", segment.end.value},
                       {"first_time", to_rfc3339(segment.first_time)},
                       {"last_time", to_rfc3339(segment.last_time)},
                       {"restore_points", segment.point_count},
                       {"bytes", segment.bytes},
                       {"tree", segment.tree_after.has_value()}};
    if (is_wal) {
        row["begin_lsn"] = postgresql::to_text(postgresql::lsn_of(segment.begin));
        row["end_lsn"] = postgresql::to_text(postgresql::lsn_of(segment.end));
    } else {
        row["open"] = !segment.tree_after;
    }
    return row;
}

nlohmann::json describe(const catalog::LogSpan& span, const std::string& incarnation) {
    nlohmann::json row{{"event", "span"},
                       {"incarnation", incarnation},
                       {"kind", span.kind == catalog::LogSpan::Kind::lost ? "lost" : "uncertain"},
                       {"after", span.after.value},
                       {"until", span.until.value},
                       {"from_time", to_rfc3339(span.from_time)},
                       {"to_time", to_rfc3339(span.to_time)}};
    put_bytes(row, "reason", span.reason);
    return row;
}

}  // namespace

nlohmann::json run_log_list(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("source");
    fields.done();
    const auto source = find_source(context.catalog(), name);
    const bool is_wal = source.kind == catalog::SourceKind::postgresql;
    const catalog::Logs logs(context.store());
    std::uint64_t segments = 0, spans = 0;
    for (const auto& incarnation : logs.incarnations(source.id)) {
        logs.scan_segments(source.id, incarnation.number, {}, [&](const auto& segment) {
            call.output.event(describe(segment, incarnation.name, is_wal));
            ++segments;
            return true;
        });
        logs.scan_spans(source.id, incarnation.number, {}, [&](const auto& span) {
            call.output.event(describe(span, incarnation.name));
            ++spans;
            return true;
        });
    }
    return {{"source", source.name}, {"segments", segments}, {"spans", spans}};
}

}  // namespace yore::command
