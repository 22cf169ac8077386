// SPDX-License-Identifier: Apache-2.0
/// ls: `moment`, `path` (absent: the root), `recursive`. An event `entry` each, with its `path`
/// from the root of the snapshot. Of a directory what is in it, of anything else itself.
#include <yore/command/text.h>

#include "command/describe.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/walk.h"

namespace yore::command {

nlohmann::json run_ls(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto text = fields.text("moment");
    const auto path = normal_path(fields.optional_text("path").value_or(""));
    const bool recursive = fields.flag("recursive");
    fields.done();
    const auto moment = resolve_moment(context, text, call.output);
    const auto top = find_path(context.cache(), moment, path);

    std::uint64_t count = 0;
    const auto show = [&](const std::string& at, const tree::EntryView& entry) {
        auto row = describe(entry);
        row["event"] = "entry";
        put_bytes(row, "path", at);
        call.output.event(row);
        count += 1;
    };
    if (const auto child = top.child()) {
        Visitor visitor;
        visitor.enter = [&](const WalkStep& step) {
            show(step.path, step.entry);
            return recursive;
        };
        walk(context.cache(), *child, path, visitor, call.stop);
    } else {
        show(path, top);
    }
    return {{"moment", moment.name()}, {"count", count}};
}

}  // namespace yore::command
