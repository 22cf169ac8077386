// SPDX-License-Identifier: Apache-2.0
/// log-status: `source` (absent: all that have a log or are to have one). An event `follower` each:
/// `source`, `state` (`starting`, `following`, `waiting`, `paused`, `not followed`), `configured`,
/// `since`, `failure`, `retry_at`, `known_until`, `behind_ms`, `pending_since`, `last_lag_ms`,
/// `longest_lag_ms`, `moments`, `records`, `lost`, `bytes`, `pinned_bytes`, `slots_dropped`,
/// `starts`, `failures`. The result has `count`.
#include "command/fields.h"
#include "command/follower_fields.h"
#include "command/moment.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_log_status(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto wanted = fields.optional_text("source");
    fields.done();
    auto sources = context.catalog().sources();
    if (wanted) sources = {find_source(context.catalog(), *wanted)};
    const auto followers = context.followers().list();
    std::uint64_t count = 0;
    for (const catalog::Source& source : sources) {
        auto row = describe_following(context, source, followers);
        if (!row) continue;
        (*row)["event"] = "follower";
        call.output.event(*row);
        ++count;
    }
    return {{"count", count}};
}

}  // namespace yore::command
