// SPDX-License-Identifier: Apache-2.0
/// ls: `moment`, `path` (absent: the root), `recursive`, `deleted` (what was in the directory once
/// and is not at the moment, each with the last `state` that had it). An event `entry` each, with
/// its `path` from the root of the snapshot. Of a directory what is in it, of anything else itself.
#include <yore/base/error.h>
#include <yore/base/path.h>
#include <yore/command/text.h>
#include <yore/view/versions.h>

#include <map>

#include "command/describe.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/walk.h"

namespace yore::command {

namespace {

struct Gone {
    tree::EntryView entry;
    std::string state;
};

/// By name, what directories at this path held before the moment and the one of it does not.
std::map<std::string, Gone> deleted_in(Context& context, const Moment& moment,
                                       const std::string& path, const std::stop_token& stop) {
    std::map<std::string, Gone> names;
    view::PathFollower follower(context.catalog(), context.cache(), moment.source.id, path);
    const auto note = [&](const tree::EntryView& directory, const std::string& state) {
        tree::Directory(context.cache(), *directory.child())
            .scan("", [&](const tree::EntryView& entry) {
                names.insert_or_assign(std::string(entry.name()), Gone{entry, state});
                return true;
            });
    };
    std::optional<tree::EntryView> before;
    std::string state_before;
    for (const view::StoredState& state : view::states_of(context.catalog(), moment.source.id)) {
        check_stop(stop);
        if (state.time > moment.time) break;
        const auto* here = follower.go_to(state);
        if (here == nullptr) continue;
        const bool is_same = before && *here && before->child() == (*here)->child();
        if (before && !is_same) note(*before, state_before);
        before = *here && (*here)->child() ? *here : std::nullopt;
        state_before = state.name();
    }
    const auto* now = follower.go_to({moment.time, moment.root});
    if (before && !(*now && (*now)->child() == before->child())) note(*before, state_before);
    if (*now && (*now)->child())
        tree::Directory(context.cache(), *(*now)->child())
            .scan("", [&](const tree::EntryView& entry) {
                names.erase(std::string(entry.name()));
                return true;
            });
    return names;
}

}  // namespace

nlohmann::json run_ls(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto text = fields.text("moment");
    const auto path = normal_path(fields.optional_text("path").value_or(""));
    const bool recursive = fields.flag("recursive");
    const bool deleted = fields.flag("deleted");
    fields.done();
    const auto moment = resolve_moment(context, text, call.output);
    std::uint64_t count = 0;
    const auto show = [&](const std::string& at, const tree::EntryView& entry,
                          const std::string& state = {}) {
        auto row = describe(entry);
        row["event"] = "entry";
        put_bytes(row, "path", at);
        if (!state.empty()) row["state"] = state;
        call.output.event(row);
        count += 1;
    };
    if (deleted) {
        for (const auto& [name, gone] : deleted_in(context, moment, path, call.stop))
            show(join_path(path, name), gone.entry, gone.state);
        return {{"moment", moment.name()}, {"count", count}};
    }
    const auto top = find_path(context.cache(), moment, path);
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
