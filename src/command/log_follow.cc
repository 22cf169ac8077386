// SPDX-License-Identifier: Apache-2.0
/// log-follow: `source`. An event `followed` after each commit (of a cluster: once a second at
/// most), with `known_until`, `moments`, `records`, `lag_ms`, `lost`, `bytes` and `pinned_bytes`;
/// the result has the same. Runs until it is stopped.
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/ingest/follow.h>
#include <yore/ingest/postgresql_follow.h>

#include "command/fields.h"
#include "command/moment.h"
#include "command/reporter.h"
#include "command/run.h"

namespace yore::command {
namespace {

constexpr std::int64_t ns_per_ms = 1'000'000;
using Told = std::function<void(const ingest::Followed&)>;

nlohmann::json describe(const ingest::Followed& followed) {
    return {{"known_until", to_rfc3339(followed.known_until)},
            {"moments", followed.moments},
            {"records", followed.records},
            {"lag_ms", followed.lag.ns / ns_per_ms},
            {"lost", followed.lost},
            {"bytes", followed.bytes},
            {"pinned_bytes", followed.pinned}};
}

ingest::Followed follow_directory(Context& context, const catalog::Source& source, const Told& told,
                                  const std::stop_token& stop) {
    ingest::FollowOptions options;
    options.avoid = context.mounts().directories();
    options.avoid.push_back(context.directory());
    options.progress = told;
    return ingest::follow_directory(context.catalog(), source, options, context.clock(), stop);
}

ingest::Followed follow_cluster(Context& context, const catalog::Source& source, const Told& told,
                                const std::stop_token& stop) {
    ingest::ClusterFollowOptions options;
    options.progress = told;
    options.interrupted = [&](const Error& failure, Duration delay) {
        context.followers().interrupted(source, failure.what(), context.clock().now() + delay);
        log_warning("source {}: {}; it is tried again in {}", source.name, failure.full_text(),
                    to_text(delay));
    };
    return ingest::follow_postgresql(context.catalog(), context.cache(), source, options,
                                     context.clock(), stop);
}

}  // namespace

nlohmann::json run_log_follow(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("source");
    fields.done();
    const auto source = find_source(context.catalog(), name);
    if (source.removed)
        throw Error(Errc::not_found, fmt::format("source {} was removed", source.name),
                    {"`yore source add` declares it again"});
    const auto turn = context.followers().take_turn(source);
    Reporter reporter(call.output);
    Timestamp told;
    const Told progress = [&](const ingest::Followed& followed) {
        context.followers().note(source, followed);
        if (followed.known_until == told) return;
        told = followed.known_until;
        reporter.event("followed", describe(followed));
    };
    const bool is_cluster = source.kind == catalog::SourceKind::postgresql;
    const auto follow = is_cluster ? follow_cluster : follow_directory;
    auto result = describe(follow(context, source, progress, call.stop));
    result["source"] = source.name;
    return result;
}

}  // namespace yore::command
