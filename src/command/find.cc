// SPDX-License-Identifier: Apache-2.0
/// find: `moment` (or a span, SOURCE@FROM..TO), `path` (absent: all), and what an entry must be,
/// all of it: `name` (a pattern as in a shell), `kinds`, `size_min`, `size_max` (bytes, of files),
/// `newer`, `older` (times). An event `entry` each; in a span, each time that one appears, with the
/// `state` in which it did: also what the journal of a followed directory has between stored trees.
#include <yore/base/error.h>
#include <yore/command/text.h>
#include <yore/view/versions.h>

#include <algorithm>

#include <fnmatch.h>

#include "command/describe.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/span_scan.h"
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

/// What the entries that are found go through.
class Search {
  public:
    Search(Context& context, const Call& call, Wanted wanted)
        : context_(context), call_(call), wanted_(std::move(wanted)) {}
    std::uint64_t count() const { return count_; }

    void in_moment(const Moment& moment, const std::string& path, const std::string& state) {
        const auto child = find_path(context_.cache(), moment, path).child();
        if (!child)
            throw Error(Errc::invalid,
                        fmt::format("{}: {} is not a directory", moment.name(), path));
        Visitor visitor;
        visitor.enter = [&](const WalkStep& step) {
            show(step.path, step.entry, state);
            return true;
        };
        walk(context_.cache(), *child, path, visitor, call_.stop);
    }
    void show(const std::string& path, const tree::EntryView& entry, const std::string& state) {
        if (!wanted_.matches(entry)) return;
        auto row = describe(entry);
        row["event"] = "entry";
        put_bytes(row, "path", path);
        if (!state.empty()) row["state"] = state;
        call_.output.event(row);
        ++count_;
    }

  private:
    Context& context_;
    const Call& call_;
    const Wanted wanted_;
    std::uint64_t count_ = 0;
};

nlohmann::json find_in_span(Context& context, const Call& call, const std::string& text,
                            const std::string& path, Search& search) {
    const auto [name, span] = split_moment(text);
    const auto dots = span.find("..");
    const auto source = find_source(context.catalog(), name);
    const auto from = resolve_moment(context, source, span.substr(0, dots), call.output);
    const auto to = resolve_moment(context, source, span.substr(dots + 2), call.output);
    // A path that is not there yet at the start may appear later.
    if (view::PathFollower follower(context.catalog(), context.cache(), source.id, path);
        follower.go_to({from.time, from.root})->has_value())
        search.in_moment(from, path, from.state);
    const auto show = [&](const std::string& at, const tree::EntryView& entry,
                          const std::string& state) { search.show(at, entry, state); };
    SpanScan(context, from, to, path, show, call.stop).run();
    return {{"from", from.name()}, {"to", to.name()}, {"count", search.count()}};
}

}  // namespace

nlohmann::json run_find(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto text = fields.text("moment");
    const auto path = normal_path(fields.optional_text("path").value_or(""));
    Search search(context, call, read_wanted(fields, context.clock().now()));
    fields.done();
    if (text.find("..") != text.npos) return find_in_span(context, call, text, path, search);
    const auto moment = resolve_moment(context, text, call.output);
    search.in_moment(moment, path, "");
    return {{"moment", moment.name()}, {"count", search.count()}};
}

}  // namespace yore::command
