// SPDX-License-Identifier: Apache-2.0
/// prune: `sources` (absent: all), a policy (retention.h; absent: each source's own), `dry_run`,
/// `collect` (it follows, with its events, and its result is `collected` in this one). An event
/// `verdict` for each snapshot, before anything is removed; `window` for a source with one, `from`
/// which moment it holds; `log` for a source of whose log `segments` go. The result has `removed`
/// and `kept` (snapshots), and `segments`.
#include <yore/base/error.h>

#include "command/fields.h"
#include "command/log_pruning.h"
#include "command/moment.h"
#include "command/retention.h"
#include "command/run.h"
#include "command/walk.h"

namespace yore::command {
namespace {

struct Asked {
    std::vector<catalog::Source> sources;
    std::optional<RetentionPolicy> policy;
    bool dry_run = false, collect = false;
};

Asked read(Fields& fields, const catalog::Catalog& catalog) {
    Asked asked;
    const auto names = fields.texts("sources");
    asked.policy = read_policy(fields);
    asked.dry_run = fields.flag("dry_run");
    asked.collect = fields.flag("collect");
    fields.done();
    if (asked.collect && asked.dry_run)
        throw Error(Errc::invalid, "a dry run removes nothing, and there is nothing to collect");
    if (asked.policy && names.empty())
        throw Error(Errc::invalid, "a policy is given, but not for which source",
                    {"name the sources, or `yore source set` their policies"});
    for (const std::string& name : names) asked.sources.push_back(find_source(catalog, name));
    if (names.empty()) asked.sources = catalog.sources();
    return asked;
}

void report(const Judged& judged, const Call& call) {
    for (std::size_t place = 0; place < judged.snapshots.size(); ++place) {
        auto event = describe_verdict(judged, place);
        event["event"] = "verdict";
        call.output.event(event);
    }
}

void report(const Judged& judged, const LogPruning& log, const Call& call) {
    const auto window_from =
        log.every_moment_since ? log.every_moment_since : judged.judgement.window_from;
    if (window_from)
        call.output.event({{"event", "window"},
                           {"source", judged.source.name},
                           {"from", to_rfc3339(*window_from)}});
    if (log.segments > 0)
        call.output.event({{"event", "log"},
                           {"source", judged.source.name},
                           {"segments", log.segments},
                           {"bytes", log.bytes}});
}

nlohmann::json prune(Context& context, const Call& call, const Asked& asked) {
    const auto mode = asked.dry_run ? PruneMode::dry_run : PruneMode::apply;
    std::vector<Judged> all;
    std::vector<store::RecordChange> removals;
    std::uint64_t kept = 0, segments = 0;
    for (const catalog::Source& source : asked.sources) {
        check_stop(call.stop);
        const Judged& judged = all.emplace_back(
            judge_source(context, source, asked.policy.value_or(source.retention)));
        report(judged, call);
        for (std::size_t place = 0; place < judged.snapshots.size(); ++place) {
            if (judged.judgement.snapshots[place].kept())
                ++kept;
            else
                removals.push_back(catalog::Catalog::remove(judged.snapshots[place]));
        }
    }
    if (!asked.dry_run) context.store().commit(removals);
    for (const Judged& judged : all) {
        const auto log = prune_log(context, judged, asked.policy.value_or(judged.source.retention),
                                   mode, call.stop);
        report(judged, log, call);
        segments += log.segments;
    }
    return {{"removed", removals.size()},
            {"kept", kept},
            {"segments", segments},
            {"dry_run", asked.dry_run}};
}

}  // namespace

nlohmann::json run_prune(Context& context, const Call& call) {
    Fields fields(call.request);
    auto deciding = std::make_optional(context.catalog().decide());
    const Asked asked = read(fields, context.catalog());
    auto result = prune(context, call, asked);
    deciding.reset();
    if (!asked.collect) return result;
    const auto nothing_more = nlohmann::json::object();
    result["collected"] = run_collect(context, {nothing_more, call.output, call.input, call.stop});
    if (result["collected"].contains("exit_code"))
        result["exit_code"] = result["collected"]["exit_code"];
    return result;
}

}  // namespace yore::command
