// SPDX-License-Identifier: Apache-2.0
#include "command/span_scan.h"

#include <yore/base/path.h>
#include <yore/tree/compare.h>

#include <algorithm>

#include "command/walk.h"

namespace yore::command {

using Kind = format::JournalRecord::Kind;

SpanScan::SpanScan(Context& context, const Moment& from, const Moment& to, std::string path,
                   Found found, std::stop_token stop)
    : context_(context),
      from_(from),
      to_(to),
      path_(std::move(path)),
      found_(std::move(found)),
      stop_(std::move(stop)),
      records_(context.catalog(), context.cache(), from.source.id),
      time_(from.time),
      root_(from.root) {}

void SpanScan::run() {
    for (const view::StoredState& state : view::states_of(context_.catalog(), from_.source.id)) {
        if (state.time <= from_.time || state.time > to_.time) continue;
        if (const auto root = view::root_of(context_.catalog(), from_.source.id, state))
            go_to(state.time, *root, state.name());
    }
    if (time_ < to_.time) go_to(to_.time, to_.root, to_.state);
}

void SpanScan::go_to(Timestamp time, const NodeId& root, const std::string& state) {
    auto in_use = context_.use({{{root}, {}, {}}});
    for (const Suspect& suspect : suspects_until(time)) look_at(suspect);
    compare_with(root, state);
    in_use_ = std::move(in_use);
    time_ = time;
}

/// The moments, up to the next state, in which something may have appeared.
std::vector<SpanScan::Suspect> SpanScan::suspects_until(Timestamp until) const {
    std::vector<Suspect> suspects;
    if (from_.source.kind != catalog::SourceKind::directory) return suspects;
    Paths vanished;
    view::scan_journal(records_, context_.cache(), time_, until,
                       [&](const view::JournalStep& step) {
                           for (const auto& record : step.records) note_vanished(record, vanished);
                       });
    view::scan_journal(records_, context_.cache(), time_, until,
                       [&](const view::JournalStep& step) {
                           check_stop(stop_);
                           for (std::size_t i = 0; i < step.records.size(); ++i)
                               if (may_show(step, i, vanished)) {
                                   suspects.push_back({step.time, step.before});
                                   break;
                               }
                       });
    return suspects;
}

bool SpanScan::is_related(std::string_view path) const {
    return is_at_or_below(path, path_) || is_at_or_below(path_, path);
}

void SpanScan::note_vanished(const format::JournalRecord& record, Paths& vanished) const {
    if (record.kind == Kind::move) vanished.insert(record.paths[0]);
    if (record.kind == Kind::remove) vanished.insert(record.paths.begin(), record.paths.end());
}

bool SpanScan::may_show(const view::JournalStep& step, std::size_t record,
                        const Paths& vanished) const {
    const format::JournalRecord& what = step.records[record];
    if (what.kind == Kind::remove) return false;
    if (what.kind == Kind::move) return is_related(what.paths[1]);
    return std::ranges::any_of(what.paths, [&](const std::string& path) {
        if (!is_related(path)) return false;
        for (std::string_view at = path; !at.empty(); at = directory_of(at))
            if (vanished.contains(at)) return true;
        return may_appear(path, step, record);
    });
}

/// Of a path that was never taken away since the last state that was looked at.
bool SpanScan::may_appear(const std::string& path, const view::JournalStep& step,
                          std::size_t record) const {
    view::PathFollower follower(context_.catalog(), context_.cache(), from_.source.id, path);
    const auto& there = *follower.go_to({time_, root_});
    if (!there) return true;
    // In the place of a directory `put` has another one, with what is below it.
    if (there->child()) return step.records[record].kind == Kind::put;
    return step.entry(context_.cache(), record).kind() == tree::FileKind::directory;
}

/// The moment is compared with the one just before it, so that what went and came again is found.
void SpanScan::look_at(const Suspect& suspect) {
    check_stop(stop_);
    if (suspect.before && *suspect.before > time_)
        if (const auto before = open_point(context_, records_, *suspect.before)) {
            compare_with(before->root, view::moment_name(*suspect.before));
            in_use_ = before->in_use;
        }
    const auto here = open_point(context_, records_, suspect.time);
    if (!here) return;
    compare_with(here->root, view::moment_name(suspect.time));
    in_use_ = here->in_use;
}

void SpanScan::compare_with(const NodeId& root, const std::string& state) {
    const std::string top = join_path("root", path_) + "/";
    tree::compare(context_.cache(), root_, root, [&](const tree::Difference& difference) {
        check_stop(stop_);
        if (difference.kind == tree::Difference::Kind::added && difference.path.starts_with(top))
            found_(difference.path.substr(std::string_view("root/").size()), *difference.after,
                   state);
        return true;
    });
    root_ = root;
}

}  // namespace yore::command
