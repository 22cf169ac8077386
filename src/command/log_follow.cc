// SPDX-License-Identifier: Apache-2.0
/// log-follow: `source`. An event `followed` after each commit (of a cluster: once a second at
/// most), with `known_until`, `moments`, `records`, `lag_ms`, `lost`, `bytes` and `pinned_bytes`;
/// the result has the same. Of a cluster, an event `tablespace` when there is one that no base
/// backup has. An event `paused`, with `since`, when it is paused; it waits then.
/// Runs until it is stopped.
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
                                  Reporter&, const std::stop_token& stop) {
    ingest::FollowOptions options;
    options.avoid = context.mounts().directories();
    options.avoid.push_back(context.directory());
    options.progress = told;
    return ingest::follow_directory(context.catalog(), source, options, context.clock(), stop);
}

ingest::Followed follow_cluster(Context& context, const catalog::Source& source, const Told& told,
                                Reporter& reporter, const std::stop_token& stop) {
    ingest::ClusterFollowOptions options;
    options.progress = told;
    options.interrupted = [&](const Error& failure, Duration delay) {
        context.followers().interrupted(source, failure.what(), context.clock().now() + delay);
        log_warning("source {}: {}; it is tried again in {}", source.name, failure.full_text(),
                    to_text(delay));
    };
    options.slot_dropped = [&] { context.followers().slot_dropped(source); };
    options.tablespace_created = [&] {
        log_warning(
            "source {}: there is a tablespace that no base backup has: take a snapshot, for the "
            "moments behind it (`yore serve` does that by itself, where it follows)",
            source.name);
        reporter.event("tablespace", nlohmann::json::object());
    };
    return ingest::follow_postgresql(context.catalog(), context.cache(), source, options,
                                     context.clock(), stop);
}

/// In all, where a pause ended `before`.
ingest::Followed together(const ingest::Followed& before, ingest::Followed now) {
    now.moments += before.moments;
    now.records += before.records;
    now.lost += before.lost;
    now.bytes += before.bytes;
    if (now.known_until.ns == 0) now.known_until = before.known_until;
    return now;
}

/// Until it is resumed or stopped. What a cluster keeps meanwhile may still be limited.
void rest(Context& context, const catalog::Source& source, Reporter& reporter,
          const std::stop_token& stop) {
    if (const auto since = context.followers().paused_since(source.id))
        reporter.event("paused", {{"since", to_rfc3339(*since)}});
    std::shared_ptr<void> watch;
    if (source.kind == catalog::SourceKind::postgresql)
        watch = ingest::watch_slots(
            context.catalog(), source, [&] { context.followers().slot_dropped(source); }, stop);
    context.followers().rest(source, stop);
}

/// Until it is paused or stopped.
using Follow = std::function<ingest::Followed(const Told&, const std::stop_token&)>;

/// From one pause to the next, until it is stopped.
ingest::Followed follow_between_pauses(Context& context, const catalog::Source& source,
                                       const Follow& follow, Reporter& reporter,
                                       const std::stop_token& stop) {
    Followers& followers = context.followers();
    ingest::Followed all;
    all.known_until = followers.known_until(source.id).value_or(Timestamp{});
    Timestamp told;
    const Told progress = [&](const ingest::Followed& followed) {
        const auto now = together(all, followed);
        followers.note(source, now);
        if (now.known_until == told) return;
        told = now.known_until;
        reporter.event("followed", describe(now));
    };
    while (!stop.stop_requested()) {
        auto part = followers.begin(source);
        if (!part) {
            rest(context, source, reporter, stop);
            continue;
        }
        const std::stop_callback forward(stop, [&] { part->request_stop(); });
        if (stop.stop_requested()) break;
        try {
            all = together(all, follow(progress, part->get_token()));
        } catch (const Error& error) {
            const bool is_pause = part->stop_requested() && !stop.stop_requested();
            if (error.code() != Errc::cancelled || !is_pause) throw;
        }
    }
    return all;
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
    const bool is_cluster = source.kind == catalog::SourceKind::postgresql;
    const auto follow_it = is_cluster ? follow_cluster : follow_directory;
    const Follow follow = [&](const Told& told, const std::stop_token& stop) {
        return follow_it(context, source, told, reporter, stop);
    };
    auto result = describe(follow_between_pauses(context, source, follow, reporter, call.stop));
    result["source"] = source.name;
    return result;
}

}  // namespace yore::command
