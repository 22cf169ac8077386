// SPDX-License-Identifier: Apache-2.0
/// hold-add: `moment` (SOURCE@TIME or SOURCE@FROM..TO), `until` (a time, a date, or a duration from
/// now; absent: until it is released), `reason`. The result is the hold.
#include <yore/base/error.h>
#include <yore/command/text.h>

#include "command/fields.h"
#include "command/holds.h"
#include "command/moment.h"
#include "command/run.h"

namespace yore::command {
namespace {

Timestamp read_until(const std::string& text, Timestamp now) {
    std::optional<Timestamp> until;
    if (const auto duration = parse_duration(text)) until = now + *duration;
    if (!until) until = parse_time(text, now);
    if (!until) until = parse_time(text + "T00:00Z", now);
    if (!until)
        throw Error(Errc::invalid, fmt::format("until: cannot read {} as a time", text),
                    {"such as 2027-03-01, 2027-03-01T14:07Z, or 30d from now"});
    if (*until <= now)
        throw Error(Errc::invalid, fmt::format("until: {} is over", to_rfc3339(*until)));
    return *until;
}

Timestamp read_end(const std::string& text, const std::string& time, Timestamp now) {
    const auto moment = parse_time(time, now);
    if (!moment)
        throw Error(Errc::invalid, fmt::format("{}: cannot read {} as a time", text, time),
                    {"a span is SOURCE@FROM..TO, with times such as 2026-11-21T14:07Z or now-2d"});
    return *moment;
}

/// A snapshot by its name (`latest` and `earliest` are names of the moment), else a moment or span.
void read_what(Context& context, const std::string& text, Output& output, catalog::Hold& hold) {
    const Timestamp now = context.clock().now();
    const auto at = text.find('@');
    const std::string time = at == std::string::npos ? "" : text.substr(at + 1);
    if (const auto dots = time.find(".."); dots != std::string::npos) {
        hold.source = find_source(context.catalog(), text.substr(0, at)).id;
        hold.from = read_end(text, time.substr(0, dots), now);
        hold.to = read_end(text, time.substr(dots + 2), now);
        return;
    }
    const Moment moment = resolve_moment(context, text, output);
    hold.source = moment.source.id;
    const auto instant = parse_time(time, now);
    if (moment.snapshot && (!instant || moment.snapshot->text() == time))
        hold.snapshot = moment.snapshot;
    else
        hold.from = hold.to = instant.value_or(moment.time);
}

std::string what_of(const catalog::Hold& hold) {
    if (hold.snapshot) return hold.snapshot->text();
    if (hold.from == hold.to) return to_rfc3339(hold.from);
    return to_rfc3339(hold.from) + ".." + to_rfc3339(hold.to);
}

}  // namespace

nlohmann::json describe(const catalog::Hold& hold, const std::string& source_name) {
    nlohmann::json object{{"hold", hold.number},
                          {"source", source_name},
                          {"what", what_of(hold)},
                          {"created", to_rfc3339(hold.created)},
                          {"until", nullptr}};
    if (hold.until) object["until"] = to_rfc3339(*hold.until);
    put_bytes(object, "reason", hold.reason);
    if (!hold.clone.empty()) object["clone"] = hold.clone;
    return object;
}

nlohmann::json run_hold_add(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto text = fields.text("moment");
    const auto until = fields.optional_text("until");
    catalog::Hold hold;
    hold.reason = fields.optional_text("reason").value_or("");
    fields.done();
    hold.created = context.clock().now();
    if (until) hold.until = read_until(*until, hold.created);
    read_what(context, text, call.output, hold);
    const auto added = context.catalog().add_hold(hold);
    return describe(added, context.catalog().source(added.source).value().name);
}

}  // namespace yore::command
