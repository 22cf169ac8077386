// SPDX-License-Identifier: Apache-2.0
#include "command/moment.h"

#include <yore/base/error.h>
#include <yore/command/text.h>

#include <nlohmann/json.hpp>

namespace yore::command {
namespace {

constexpr const char* moment_forms =
    "a moment is SOURCE@TIME; TIME is latest, earliest, a snapshot's name, now-5m, or a time such "
    "as 2026-11-21T14:07Z (UTC unless it says otherwise)";

[[noreturn]] void refuse_empty(const std::string& text, const catalog::Source& source) {
    throw Error(Errc::not_found, fmt::format("{}: {} has no snapshots", text, source.name),
                {fmt::format("`yore snapshot {}` takes one", source.name)});
}

struct Found {
    std::optional<catalog::Snapshot> snapshot;
    std::optional<Timestamp> read_as;  ///< when it was read as a time
};

Found find_snapshot(Context& context, const catalog::Source& source, const std::string& text,
                    const std::string& time) {
    const auto& catalog = context.catalog();
    if (time == "latest") return {catalog.latest(source.id), {}};
    const auto names = catalog.snapshot_names(source.id);
    if (names.empty()) refuse_empty(text, source);
    if (time == "earliest") return {catalog.snapshot(source.id, names.front()), {}};
    if (const auto name = catalog::SnapshotName::parse(time)) {
        if (auto exact = catalog.snapshot(source.id, *name)) return {std::move(exact), {}};
    }
    const auto moment = parse_time(time, context.clock().now());
    if (!moment)
        throw Error(Errc::invalid, fmt::format("{}: cannot read {} as a time", text, time),
                    {moment_forms});
    auto snapshot = catalog.at_or_before(source.id, *moment);
    if (!snapshot)
        throw Error(Errc::not_found,
                    fmt::format("{}: nothing was stored by {}", text, to_rfc3339(*moment)),
                    {fmt::format("the earliest is {}@{}", source.name, names.front().text())});
    return {std::move(snapshot), moment};
}

}  // namespace

catalog::Source find_source(const catalog::Catalog& catalog, const std::string& name) {
    auto source = catalog.source(name);
    if (!source)
        throw Error(Errc::not_found, fmt::format("there is no source {}", name),
                    {"`yore source list` shows all"});
    return *source;
}

std::string Moment::name() const {
    return source.name + "@" + snapshot.name.text();
}

Moment resolve_moment(Context& context, const std::string& text, Output& output) {
    const auto at = text.find('@');
    if (at == std::string::npos || at == 0 || at + 1 == text.size())
        throw Error(Errc::invalid, fmt::format("{} is not a moment", text), {moment_forms});
    const auto source = find_source(context.catalog(), text.substr(0, at));
    auto found = find_snapshot(context, source, text, text.substr(at + 1));
    if (!found.snapshot) refuse_empty(text, source);
    nlohmann::json event{{"event", "moment"},
                         {"text", text},
                         {"source", source.name},
                         {"snapshot", found.snapshot->name.text()}};
    if (found.read_as) event["time"] = to_rfc3339(*found.read_as);
    output.event(event);
    auto in_use = context.read_tree(found.snapshot->root);
    if (!context.catalog().snapshot(source.id, found.snapshot->name))
        throw Error(Errc::not_found, fmt::format("{}: it was removed just now", text));
    return {source, std::move(*found.snapshot), std::move(in_use)};
}

tree::EntryView root_of(const store::ObjectCache& cache, const Moment& moment) {
    auto root = tree::Directory(cache, moment.snapshot.root).find("root");
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

std::string join_path(std::string_view directory, std::string_view name) {
    std::string path(directory);
    if (!directory.empty() && !name.empty()) path += '/';
    path += name;
    return path;
}

}  // namespace yore::command
