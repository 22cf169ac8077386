// SPDX-License-Identifier: Apache-2.0
/// ls: `moment`, `path` (absent: the root), `recursive`, `deleted` (what was in the directory once
/// and is not at the moment, each with the last `state` that had it, be it of the journal). An
/// event `entry` each, with its `path` from the root of the snapshot. Of a directory what is in it,
/// of anything else itself.
#include <yore/base/error.h>
#include <yore/base/path.h>
#include <yore/command/text.h>
#include <yore/view/journal_scan.h>
#include <yore/view/versions.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

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

/// What a directory held before a moment and does not at it: by stored trees, and between those by
/// the journal, whose moments are opened just before something that is gone goes.
class DeletedNames {
  public:
    DeletedNames(Context& context, const Moment& moment, const std::string& path,
                 std::stop_token stop)
        : context_(context),
          moment_(moment),
          path_(path),
          stop_(std::move(stop)),
          records_(context.catalog(), context.cache(), moment.source.id),
          follower_(context.catalog(), context.cache(), moment.source.id, path) {
        if (const auto* now = follower_.go_to({moment.time, moment.root}); *now) {
            there_ = (*now)->child();
            scan(*now, [&](const tree::EntryView& entry) { present_.emplace(entry.name()); });
        }
    }
    /// By name, each as it was last.
    std::map<std::string, Gone> find() {
        for (const view::StoredState& state :
             view::states_of(context_.catalog(), moment_.source.id)) {
            check_stop(stop_);
            if (state.time > moment_.time) break;
            go_to(state);
        }
        go_to({moment_.time, moment_.root});
        return std::move(gone_);
    }

  private:
    using Here = std::optional<tree::EntryView>;
    using Kind = format::JournalRecord::Kind;

    void scan(const Here& directory, const std::function<void(const tree::EntryView&)>& visit) {
        if (!directory || !directory->child()) return;
        tree::Directory(context_.cache(), *directory->child())
            .scan("", [&](const tree::EntryView& entry) {
                visit(entry);
                return true;
            });
    }
    void note(const Here& directory, const std::string& state) {
        scan(directory, [&](const tree::EntryView& entry) {
            std::string name(entry.name());
            if (!present_.contains(name))
                gone_.insert_or_assign(std::move(name), Gone{entry, state});
        });
    }
    void go_to(const view::StoredState& state) {
        const auto* here = follower_.go_to(state);
        if (here == nullptr) return;
        Here after = *here;
        const bool is_same = before_ && after && before_->child() == after->child();
        if (!is_same && before_ && before_->child() != there_) note(before_, state_before_);
        if (follower_.moved()) {
            look_between(state.time);
            follower_.go_to(state);
        }
        before_ = std::move(after);
        state_before_ = state.name();
        time_ = state.time;
    }
    /// Opens each moment just before something went, behind the last state.
    void look_between(Timestamp until) {
        if (moment_.source.kind != catalog::SourceKind::directory) return;
        std::vector<Timestamp> times;
        view::scan_journal(records_, context_.cache(), time_, until,
                           [&](const view::JournalStep& step) {
                               check_stop(stop_);
                               if (step.before && *step.before > time_ && takes_away(step))
                                   times.push_back(*step.before);
                           });
        for (const Timestamp time : times) {
            const auto point = open_point(context_, records_, time);
            if (!point) continue;
            if (const auto* here = follower_.go_to({time, point->root}))
                note(*here, view::moment_name(time));
        }
    }
    bool takes_away(const view::JournalStep& step) const {
        for (std::size_t i = 0; i < step.records.size(); ++i) {
            const auto& record = step.records[i];
            if (record.kind == Kind::update) continue;  // of a directory: what is in it stays
            if (record.kind == Kind::move && is_at_or_below(path_, record.paths[1])) return true;
            if (record.kind == Kind::put) {
                if (std::ranges::any_of(record.paths, [&](const std::string& path) {
                        return is_at_or_below(path_, path);
                    }))
                    return true;
                continue;
            }
            const std::size_t gone = record.kind == Kind::move ? 1 : record.paths.size();
            for (std::size_t at = 0; at < gone; ++at)
                if (is_gone(record.paths[at])) return true;
        }
        return false;
    }
    /// What went is the directory, or a name in it that is not there again.
    bool is_gone(std::string_view path) const {
        if (is_at_or_below(path_, path)) return true;
        if (!is_below(path, path_) || directory_of(path) != path_) return false;
        return !present_.contains(path.substr(path_.empty() ? 0 : path_.size() + 1));
    }

    Context& context_;
    const Moment& moment_;
    const std::string& path_;
    const std::stop_token stop_;
    const view::SourceRecords records_;
    view::PathFollower follower_;
    std::optional<NodeId> there_;  ///< the directory at the moment
    std::set<std::string, std::less<>> present_;
    std::map<std::string, Gone> gone_;

    // The last state that was looked at.
    Timestamp time_{std::numeric_limits<std::int64_t>::min()};
    Here before_;
    std::string state_before_;
};

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
        for (const auto& [name, gone] : DeletedNames(context, moment, path, call.stop).find())
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
