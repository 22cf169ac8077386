// SPDX-License-Identifier: Apache-2.0
#include "command/verification.h"

#include <yore/base/error.h>
#include <yore/command/schedules.h>
#include <yore/timeline/schedule.h>

namespace yore::command {

VerifySpec read_verify(Fields& fields) {
    VerifySpec spec;
    spec.max_time = fields.duration("max_time");
    spec.older_than = fields.duration("older_than");
    spec.random = fields.flag("random");
    spec.compare = fields.flag("compare");
    const bool reads = spec.max_time || spec.older_than;
    const std::uint64_t asked_for = spec.random || spec.compare ? 3 : reads ? 2 : 1;
    spec.level = timeline::verify_level(fields.number("level").value_or(asked_for));
    timeline::check_verify(spec);
    return spec;
}

nlohmann::json describe(const VerifySpec& spec) {
    nlohmann::json object{{"level", spec.level}};
    if (spec.max_time) object["max_time"] = to_text(*spec.max_time);
    if (spec.older_than) object["older_than"] = to_text(*spec.older_than);
    if (spec.random) object["random"] = true;
    if (spec.compare) object["compare"] = true;
    return object;
}

catalog::VerifiedSummary summarize_verified(Context& context) {
    const store::Store& store = context.store();
    return summarize(catalog::VerifiedPacks::load(store), store.packs(), context.clock().now());
}

nlohmann::json describe_verified(Context& context) {
    const auto sum = summarize_verified(context);
    nlohmann::json object{{"never_bytes", sum.never_bytes},
                          {"oldest", nullptr},
                          {"bytes_within", nlohmann::json::object()}};
    if (sum.oldest) object["oldest"] = to_rfc3339(*sum.oldest);
    for (std::size_t i = 0; i < sum.spans_days.size(); ++i)
        object["bytes_within"][fmt::format("{}d", sum.spans_days[i])] = sum.bytes_within[i];
    return object;
}

}  // namespace yore::command
