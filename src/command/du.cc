// SPDX-License-Identifier: Apache-2.0
/// du: `moment`, `path` (absent: all), `depth` (absent: 1). An event `directory` for each directory
/// down to `depth`, what is inside before itself. From the totals that each directory carries: the
/// cost is what is listed, not what is below.
#include <yore/base/error.h>
#include <yore/command/text.h>

#include "command/describe.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/walk.h"

namespace yore::command {

nlohmann::json run_du(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto text = fields.text("moment");
    const auto path = normal_path(fields.optional_text("path").value_or(""));
    const auto depth = fields.number("depth").value_or(1);
    fields.done();
    const auto moment = resolve_moment(context, text, call.output);
    const auto top = find_path(context.cache(), moment, path);
    const auto child = top.child();
    if (!child)
        throw Error(Errc::invalid, fmt::format("{}: {} is not a directory", moment.name(), path));

    const auto show = [&](const std::string& at, const tree::EntryView& directory) {
        auto row = describe(directory.totals());
        row["event"] = "directory";
        put_bytes(row, "path", at);
        call.output.event(row);
    };
    if (depth > 0) {
        Visitor visitor;
        visitor.enter = [&](const WalkStep& step) {
            if (step.entry.kind() != tree::FileKind::directory) return false;
            if (step.depth < depth) return true;
            show(step.path, step.entry);
            return false;
        };
        visitor.leave = [&](const WalkStep& step) { show(step.path, step.entry); };
        walk(context.cache(), *child, path, visitor, call.stop);
    }
    show(path, top);
    return {{"moment", moment.name()}, {"totals", describe(top.totals())}};
}

}  // namespace yore::command
