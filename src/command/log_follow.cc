// SPDX-License-Identifier: Apache-2.0
/// log-follow: `source`. An event `followed` after each commit, with `known_until`, `moments`,
/// `records`, `lag_ms` and `lost`; the result has the same. Runs until it is stopped.
#include <yore/base/error.h>
#include <yore/ingest/follow.h>

#include "command/fields.h"
#include "command/moment.h"
#include "command/reporter.h"
#include "command/run.h"

namespace yore::command {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;

nlohmann::json describe(const ingest::Followed& followed) {
    return {{"known_until", to_rfc3339(followed.known_until)},
            {"moments", followed.moments},
            {"records", followed.records},
            {"lag_ms", followed.lag.ns / ns_per_ms},
            {"lost", followed.lost}};
}

}  // namespace

nlohmann::json run_log_follow(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("source");
    fields.done();
    const auto source = find_source(context.catalog(), name);
    const auto turn = context.followers().take_turn(source);
    Reporter reporter(call.output);
    ingest::FollowOptions options;
    options.avoid = context.mounts().directories();
    options.avoid.push_back(context.directory());
    Timestamp told;
    options.progress = [&](const ingest::Followed& followed) {
        context.followers().note(source, followed);
        if (followed.known_until == told) return;
        told = followed.known_until;
        reporter.event("followed", describe(followed));
    };
    auto result = describe(
        ingest::follow_directory(context.catalog(), source, options, context.clock(), call.stop));
    result["source"] = source.name;
    return result;
}

}  // namespace yore::command
