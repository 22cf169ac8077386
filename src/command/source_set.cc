// SPDX-License-Identifier: Apache-2.0
/// source-set: `name`, and a policy (retention.h) that takes the place of the one before, or
/// `keep_all`. An event `verdict` for each snapshot that the next prune takes because of the
/// change. The result is the source, with `victims`: how many these are.
#include <yore/base/error.h>

#include "command/describe.h"
#include "command/moment.h"
#include "command/retention.h"
#include "command/run.h"

namespace yore::command {

nlohmann::json run_source_set(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("name");
    const auto given = read_policy(fields);
    const bool keep_all = fields.flag("keep_all");
    fields.done();
    if (given.has_value() == keep_all)
        throw Error(Errc::invalid, "either rules that keep backups, or to keep all");
    const auto policy = given.value_or(RetentionPolicy{});
    const auto source = find_source(context.catalog(), name);
    const Judged before = judge_source(context, source, source.retention);
    const auto after = judge(context, before, policy);
    const auto places = victims(before, after);
    for (const std::size_t place : places) {
        auto event = describe_verdict({source, before.snapshots, after}, place);
        event["event"] = "verdict";
        call.output.event(event);
    }
    auto result = describe(context.catalog().set_retention(name, policy));
    result["victims"] = places.size();
    return result;
}

}  // namespace yore::command
