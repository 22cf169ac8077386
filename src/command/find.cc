// SPDX-License-Identifier: Apache-2.0
/// find: `moment`, `path` (absent: all), and what an entry must be, all of it: `name` (a pattern as
/// in a shell), `kinds`, `size_min`, `size_max` (bytes, of files), `newer`, `older` (times).
/// An event `entry` each.
#include <yore/base/error.h>
#include <yore/command/text.h>

#include <algorithm>

#include <fnmatch.h>

#include "command/describe.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/walk.h"

namespace yore::command {
namespace {

struct Wanted {
    std::optional<std::string> name;
    std::vector<std::string> kinds;
    std::optional<std::uint64_t> size_min, size_max;
    std::optional<Timestamp> newer, older;

    bool matches(const tree::EntryView& entry) const {
        if (name && ::fnmatch(name->c_str(), std::string(entry.name()).c_str(), 0) != 0)
            return false;
        const auto attributes = entry.attributes();
        if (!kinds.empty() && std::ranges::find(kinds, name_of(attributes.kind)) == kinds.end())
            return false;
        if (size_min || size_max) {
            if (attributes.kind != tree::FileKind::regular) return false;
            if (size_min && attributes.size < *size_min) return false;
            if (size_max && attributes.size > *size_max) return false;
        }
        return (!newer || attributes.modified > *newer) && (!older || attributes.modified < *older);
    }
};

std::optional<Timestamp> read_time(Fields& fields, const std::string& key, Timestamp now) {
    const auto text = fields.optional_text(key);
    if (!text) return std::nullopt;
    const auto time = parse_time(*text, now);
    if (!time) throw Error(Errc::invalid, fmt::format("{}: cannot read {} as a time", key, *text));
    return time;
}

Wanted read_wanted(Fields& fields, Timestamp now) {
    Wanted wanted;
    wanted.name = fields.optional_text("name");
    wanted.kinds = fields.texts("kinds");
    wanted.size_min = fields.number("size_min");
    wanted.size_max = fields.number("size_max");
    wanted.newer = read_time(fields, "newer", now);
    wanted.older = read_time(fields, "older", now);
    for (const std::string& kind : wanted.kinds) {
        constexpr auto last = static_cast<std::uint8_t>(tree::FileKind::socket);
        std::uint8_t value = 1;
        while (value <= last && name_of(static_cast<tree::FileKind>(value)) != kind) ++value;
        if (value > last) throw Error(Errc::invalid, fmt::format("{} is no kind of file", kind));
    }
    return wanted;
}

}  // namespace

nlohmann::json run_find(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto text = fields.text("moment");
    const auto path = normal_path(fields.optional_text("path").value_or(""));
    const auto wanted = read_wanted(fields, context.clock().now());
    fields.done();
    const auto moment = resolve_moment(context, text, call.output);
    const auto top = find_path(context.cache(), moment, path);
    const auto child = top.child();
    if (!child)
        throw Error(Errc::invalid, fmt::format("{}: {} is not a directory", moment.name(), path));

    std::uint64_t count = 0;
    Visitor visitor;
    visitor.enter = [&](const WalkStep& step) {
        if (wanted.matches(step.entry)) {
            auto row = describe(step.entry);
            row["event"] = "entry";
            put_bytes(row, "path", step.path);
            call.output.event(row);
            count += 1;
        }
        return true;
    };
    walk(context.cache(), *child, path, visitor, call.stop);
    return {{"moment", moment.name()}, {"count", count}};
}

}  // namespace yore::command
