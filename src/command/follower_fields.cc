// SPDX-License-Identifier: Apache-2.0
#include "command/follower_fields.h"

#include <yore/command/text.h>

#include <algorithm>

#include "command/fields.h"

namespace yore::command {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

nlohmann::json time_or_null(const std::optional<Timestamp>& time) {
    return time ? nlohmann::json(to_rfc3339(*time)) : nlohmann::json();
}

nlohmann::json describe(const FollowerStatus& status, Timestamp now) {
    nlohmann::json row{{"source", status.source},
                       {"state", name_of(status.state)},
                       {"configured", status.configured},
                       {"since", to_rfc3339(status.since)},
                       {"failure", nullptr},
                       {"retry_at", time_or_null(status.retry_at)},
                       {"known_until", time_or_null(status.known_until)},
                       {"behind_ms", status.behind(now).ns / ns_per_ms},
                       {"pending_since", time_or_null(status.pending_since)},
                       {"last_lag_ms", nullptr},
                       {"longest_lag_ms", status.lags.longest.ns / ns_per_ms},
                       {"moments", status.moments},
                       {"records", status.records},
                       {"lost", status.lost},
                       {"bytes", status.bytes},
                       {"pinned_bytes", status.pinned},
                       {"slots_dropped", status.slots_dropped},
                       {"starts", status.starts},
                       {"failures", status.failures}};
    if (!status.failure.empty()) put_bytes(row, "failure", status.failure);
    if (status.last_lag) row["last_lag_ms"] = status.last_lag->ns / ns_per_ms;
    return row;
}

/// What is known of a log that nobody feeds here. There is none, nor a pause: nullopt.
std::optional<nlohmann::json> describe_log(Context& context, const catalog::Source& source) {
    const auto known = context.followers().known_until(source.id);
    const auto paused = context.followers().paused_since(source.id);
    if (!known && !paused) return std::nullopt;
    nlohmann::json row{
        {"source", source.name}, {"state", "not followed"}, {"known_until", time_or_null(known)}};
    if (paused) {
        row["state"] = name_of(FollowerStatus::State::paused);
        row["since"] = to_rfc3339(*paused);
    }
    return row;
}

}  // namespace

std::optional<nlohmann::json> describe_following(Context& context, const catalog::Source& source,
                                                 const std::vector<FollowerStatus>& here) {
    const auto follower = std::ranges::find(here, source.id, &FollowerStatus::source_id);
    if (follower == here.end()) return describe_log(context, source);
    return describe(*follower, context.clock().now());
}

}  // namespace yore::command
