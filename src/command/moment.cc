// SPDX-License-Identifier: Apache-2.0
#include "command/moment.h"

#include <yore/base/error.h>
#include <yore/base/path.h>
#include <yore/command/text.h>
#include <yore/view/moment.h>

#include <nlohmann/json.hpp>

namespace yore::command {
namespace {

using timeline::NoPlan;

constexpr const char* moment_forms =
    "a moment is SOURCE@TIME; TIME is latest, earliest, a snapshot's name, now-5m, or a time such "
    "as 2026-11-21T14:07Z (UTC unless it says otherwise)";

std::string existing(const catalog::Source& source, Timestamp time) {
    return fmt::format("{}@{}", source.name, view::moment_name(time));
}

std::vector<std::string> hints_for(const catalog::Source& source, const NoPlan& none) {
    if (none.why == NoPlan::Why::nothing_stored && !none.before && !none.after)
        return {fmt::format("`yore snapshot {}` takes a snapshot", source.name)};
    std::vector<std::string> hints;
    if (none.before)
        hints.push_back("the nearest before it is " + existing(source, none.before->time));
    if (none.after)
        hints.push_back("the nearest after it is " + existing(source, none.after->time));
    return hints;
}

/// What a time that is none was probably meant to be.
std::vector<std::string> hints_for_unread(const std::string& time, Timestamp now) {
    if (parse_time(time + "T00:00Z", now))
        return {fmt::format("a date alone is a whole day; its first moment is {}T00:00Z", time)};
    return {moment_forms};
}

void tell_reading(const std::string& text, const Moment& moment, const view::MomentText& read,
                  const view::Opened& opened, Output& output) {
    nlohmann::json event{{"event", "moment"},
                         {"text", text},
                         {"source", moment.source.name},
                         {"state", moment.state},
                         {"restore_point", to_rfc3339(moment.time)}};
    if (const auto* name = std::get_if<catalog::SnapshotName>(&opened.tree))
        event["snapshot"] = name->text();
    const auto* asked = std::get_if<timeline::Moment>(&read);
    if (asked != nullptr && std::holds_alternative<Timestamp>(*asked))
        event["time"] = to_rfc3339(std::get<Timestamp>(*asked));
    if (opened.plan.uncertain) event["uncertain"] = opened.plan.uncertain->reason;
    output.event(event);
}

}  // namespace

catalog::Source find_source(const catalog::Catalog& catalog, const std::string& name) {
    auto source = catalog.source(name);
    if (!source)
        throw Error(Errc::not_found, fmt::format("there is no source {}", name),
                    {"`yore source list` shows all"});
    return *source;
}

std::pair<std::string, std::string> split_moment(const std::string& text) {
    const auto at = text.find('@');
    if (at == std::string::npos || at == 0 || at + 1 == text.size())
        throw Error(Errc::invalid, fmt::format("{} is not a moment", text), {moment_forms});
    return {text.substr(0, at), text.substr(at + 1)};
}

Moment resolve_moment(Context& context, const std::string& text, Output& output) {
    const auto [name, time] = split_moment(text);
    return resolve_moment(context, find_source(context.catalog(), name), time, output);
}

Moment resolve_moment(Context& context, const catalog::Source& source, const std::string& time,
                      Output& output, std::optional<catalog::SnapshotName> base) {
    const std::string text = source.name + "@" + time;
    const Timestamp now = context.clock().now();
    const auto read = view::parse_moment(time, now);
    if (!read)
        throw Error(Errc::invalid, fmt::format("{}: cannot read {} as a time", text, time),
                    hints_for_unread(time, now));
    const view::SourceRecords records(context.catalog(), context.cache(), source.id, base);
    auto answer = view::open_moment(records, *read, now, &context.replay());
    if (const auto* none = std::get_if<NoPlan>(&answer)) {
        std::string asked;
        if (const auto* moment = std::get_if<timeline::Moment>(&*read))
            if (const auto* at = std::get_if<Timestamp>(moment))
                asked = fmt::format(" (read as {})", to_rfc3339(*at));
        throw Error(Errc::not_found, fmt::format("{}{}: {}", text, asked, none->text),
                    hints_for(source, *none));
    }
    const auto& opened = std::get<view::Opened>(answer);
    const NodeId root = view::root_of(records, opened);
    Moment moment{source, opened.name(), root, opened.plan.time, {}, {}, {}};
    moment.in_use = context.use(view::references_behind(records, opened));
    if (const auto* name = std::get_if<catalog::SnapshotName>(&opened.tree))
        moment.snapshot = *name;
    if (moment.snapshot && !context.catalog().snapshot(source.id, *moment.snapshot))
        throw Error(Errc::not_found, fmt::format("{}: it was removed just now", text));
    moment.plan = view::plan_json(records, opened);
    tell_reading(text, moment, *read, opened, output);
    return moment;
}

std::optional<OpenedPoint> open_point(Context& context, const view::SourceRecords& records,
                                      Timestamp time) {
    const auto answer = view::open_moment(records, timeline::Moment(time), context.clock().now(),
                                          &context.replay());
    const auto* opened = std::get_if<view::Opened>(&answer);
    if (opened == nullptr) return std::nullopt;
    return OpenedPoint{view::root_of(records, *opened),
                       context.use(view::references_behind(records, *opened))};
}

tree::EntryView root_of(const store::ObjectCache& cache, const Moment& moment) {
    auto root = tree::Directory(cache, moment.root).find("root");
    if (!root || !root->child())
        throw Error(Errc::corrupt, fmt::format("{}: its root is not a directory", moment.name()));
    return *root;
}

std::string normal_path(const std::string& path) {
    std::string normal;
    for (std::size_t at = 0; at <= path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        const std::string_view name = std::string_view(path).substr(at, end - at);
        if (name == "..")
            throw Error(Errc::invalid, fmt::format("path {}: `..` has no meaning here", path));
        if (!name.empty() && name != ".") normal = join_path(normal, name);
        at = end + 1;
    }
    return normal;
}

tree::EntryView find_path(const store::ObjectCache& cache, const Moment& moment,
                          const std::string& path) {
    auto entry = root_of(cache, moment);
    for (std::size_t at = 0; at < path.size();) {
        const std::size_t end = std::min(path.find('/', at), path.size());
        std::optional<tree::EntryView> next;
        if (const auto child = entry.child())
            next = tree::Directory(cache, *child).find(std::string_view(path).substr(at, end - at));
        if (!next) {
            std::vector<std::string> hints;
            if (entry.kind() == tree::FileKind::symlink)
                hints.push_back(fmt::format("{} is a link to {}; links are not followed",
                                            path.substr(0, at - 1), entry.target()));
            throw Error(Errc::not_found,
                        fmt::format("{}: there is no {}", moment.name(), path.substr(0, end)),
                        std::move(hints));
        }
        entry = std::move(*next);
        at = end + 1;
    }
    return entry;
}

}  // namespace yore::command
