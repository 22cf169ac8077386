// SPDX-License-Identifier: Apache-2.0
/// log-fetch: `source`, `name`: of a file of PostgreSQL's log. Hands out its bytes; `found` in the
/// result is false, with `exit_code` 1, when it lies behind the end of all that is known. Anything
/// else that keeps it from being given is an error: it must not look like the end of the log.
#include <yore/base/error.h>
#include <yore/ingest/postgresql_log.h>
#include <yore/tree/content.h>
#include <yore/view/log_replay.h>

#include <algorithm>

#include "command/cluster_log.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"

namespace yore::command {
namespace {

constexpr std::size_t piece_bytes = 1u << 20;

void check_stop(const Call& call) {
    if (call.stop.stop_requested()) throw Error(Errc::cancelled, "interrupted");
}

/// Behind what is stored of it, a segment is zeros.
void hand_out(Context& context, const ingest::StoredLogSegment& found, const Call& call) {
    const tree::ContentReader content(context.cache(), view::content_of(found.segment));
    Buffer piece(piece_bytes);
    for (std::uint64_t offset = 0; offset < found.bytes;) {
        check_stop(call);
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(piece.size(), found.bytes - offset));
        const std::size_t count = content.read(offset, piece.span().first(wanted));
        std::fill(piece.data() + count, piece.data() + wanted, std::byte{0});
        call.output.bytes(piece.view().first(wanted));
        offset += wanted;
    }
}

}  // namespace

nlohmann::json run_log_fetch(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto source_name = fields.text("source");
    const auto name = fields.text("name");
    fields.done();
    const auto source = find_cluster(context.catalog(), source_name);
    nlohmann::json result{{"source", source.name}, {"name", name}, {"found", true}};
    const auto found = ingest::find_log_file(context.catalog(), source, name);
    if (const auto* end = std::get_if<ingest::BehindEnd>(&found)) {
        result["found"] = false;
        result["why"] = end->text;
        result["exit_code"] = static_cast<int>(ExitCode::failed);
    } else if (const auto* history = std::get_if<ingest::StoredTimelineHistory>(&found)) {
        call.output.bytes(as_bytes(history->text));
        result["bytes"] = history->text.size();
    } else {
        const auto& segment = std::get<ingest::StoredLogSegment>(found);
        hand_out(context, segment, call);
        result["bytes"] = segment.bytes;
    }
    return result;
}

}  // namespace yore::command
