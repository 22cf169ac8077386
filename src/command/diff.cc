// SPDX-License-Identifier: Apache-2.0
/// diff: `before`, `after` (moments), `path` (absent: all). An event `difference` each, in path
/// order: `change` (added, removed, changed), `path`, the entries `before` and `after`, and for
/// changed ones whether `content` or `attributes` differ.
#include <yore/base/error.h>
#include <yore/base/path.h>
#include <yore/command/text.h>
#include <yore/tree/compare.h>

#include "command/describe.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/walk.h"

namespace yore::command {
namespace {

using Kind = tree::Difference::Kind;

std::string_view name_of(Kind kind) {
    switch (kind) {
        case Kind::added:
            return "added";
        case Kind::removed:
            return "removed";
        case Kind::changed:
            return "changed";
    }
    return "unknown";
}

struct Counts {
    std::uint64_t added = 0, removed = 0, changed = 0;
    void count(Kind kind) {
        (kind == Kind::added ? added : kind == Kind::removed ? removed : changed) += 1;
    }
};

nlohmann::json describe_difference(const tree::Difference& difference, const std::string& path) {
    nlohmann::json row{{"event", "difference"}, {"change", name_of(difference.kind)}};
    put_bytes(row, "path", path);
    if (difference.before) row["before"] = describe(*difference.before);
    if (difference.after) row["after"] = describe(*difference.after);
    if (difference.kind == Kind::changed) {
        row["content"] = difference.content;
        row["attributes"] = difference.attributes;
    }
    return row;
}

NodeId directory_at(Context& context, const Moment& moment, const std::string& path) {
    const auto child = find_path(context.cache(), moment, path).child();
    if (!child)
        throw Error(Errc::invalid, fmt::format("{}: {} is not a directory", moment.name(), path));
    return *child;
}

}  // namespace

nlohmann::json run_diff(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto before_text = fields.text("before");
    const auto after_text = fields.text("after");
    const auto path = normal_path(fields.optional_text("path").value_or(""));
    fields.done();
    const auto before = resolve_moment(context, before_text, call.output);
    const auto after = resolve_moment(context, after_text, call.output);

    Counts counts;
    tree::compare(
        context.cache(), directory_at(context, before, path), directory_at(context, after, path),
        [&](const tree::Difference& difference) {
            check_stop(call.stop);
            counts.count(difference.kind);
            call.output.event(describe_difference(difference, join_path(path, difference.path)));
            return true;
        });
    return {{"before", before.name()},
            {"after", after.name()},
            {"added", counts.added},
            {"removed", counts.removed},
            {"changed", counts.changed}};
}

}  // namespace yore::command
