// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/timeline/windows.h>
#include <yore/view/moment.h>

#include <algorithm>

namespace yore::view {
namespace {

using timeline::NoPlan;
using timeline::Plan;

std::optional<Plan> plan_of_snapshot(const SourceRecords& records, catalog::SnapshotName name) {
    const auto place = records.place_of(name);
    if (!place) return std::nullopt;
    const timeline::Snapshot snapshot = records.snapshot(*place);
    return Plan{.base = snapshot,
                .replay = {},
                .time = snapshot.ended,
                .place = {},
                .point = {},
                .uncertain = {}};
}

NodeId root_of_base(const SourceRecords& records, const Plan& plan) {
    if (const auto* snapshot = std::get_if<timeline::Snapshot>(&plan.base))
        return records.root_of(*snapshot);
    const auto& segment = std::get<timeline::Segment>(plan.base);
    const auto stored =
        records.logs().segment_ending_at(records.source(), segment.incarnation, segment.end);
    if (!stored || !stored->tree_after)
        throw Error(Errc::not_found, fmt::format("log segment {} is gone", segment.name));
    return stored->tree_after->root;
}

std::variant<Opened, NoPlan> open_plan(const SourceRecords& records, Plan plan,
                                       const Replay* replay) {
    const auto* snapshot = std::get_if<timeline::Snapshot>(&plan.base);
    if (snapshot != nullptr && plan.replay.empty()) {
        const catalog::SnapshotName name = records.name_of(*snapshot);
        return Opened{std::move(plan), name};
    }
    const NodeId base = root_of_base(records, plan);
    if (plan.replay.empty()) return Opened{std::move(plan), base};
    std::optional<NodeId> root;
    if (replay != nullptr) root = replay->apply(records.source(), base, plan.replay);
    if (root) return Opened{std::move(plan), *root};
    return NoPlan{NoPlan::Why::no_base, "the log before it cannot be applied", {}, {}};
}

}  // namespace

std::optional<MomentText> parse_moment(std::string_view text, Timestamp now) {
    if (text == "latest") return timeline::Moment(timeline::Latest{});
    if (text == "earliest") return timeline::Moment(timeline::Earliest{});
    if (const auto name = catalog::SnapshotName::parse(text)) return *name;
    const auto time = parse_time(text, now);
    return time ? std::optional<MomentText>(timeline::Moment(*time)) : std::nullopt;
}

std::string moment_name(Timestamp time) {
    constexpr std::int64_t ns_per_second = 1'000'000'000;
    std::string name = to_name(time);
    if (time.ns % ns_per_second == 0) name.insert(name.size() - 1, ".000");
    return name;
}

std::string Opened::name() const {
    const auto* snapshot = std::get_if<catalog::SnapshotName>(&tree);
    return snapshot != nullptr ? snapshot->text() : moment_name(plan.time);
}

NodeId root_of(const SourceRecords& records, const Opened& opened) {
    if (const auto* root = std::get_if<NodeId>(&opened.tree)) return *root;
    return records.root_of(std::get<timeline::Snapshot>(opened.plan.base));
}

std::vector<NodeId> trees_behind(const SourceRecords& records, const Opened& opened) {
    std::vector<NodeId> trees{root_of_base(records, opened.plan)};
    for (const timeline::LogRange& range : opened.plan.replay)
        records.logs().scan_segments(records.source(), range.incarnation, range.begin,
                                     [&](const catalog::LogSegment& segment) {
                                         if (segment.begin >= range.end) return false;
                                         if (segment.entries) trees.push_back(*segment.entries);
                                         return true;
                                     });
    return trees;
}

std::variant<Opened, NoPlan> open_moment(const SourceRecords& records, const MomentText& text,
                                         Timestamp now, const Replay* replay) {
    auto moment = timeline::Moment(timeline::Latest{});
    if (const auto* name = std::get_if<NamedSnapshot>(&text)) {
        if (auto exact = plan_of_snapshot(records, *name))
            return open_plan(records, std::move(*exact), replay);
        if (name->ordinal != 1)
            return NoPlan{NoPlan::Why::nothing_stored, "there is no snapshot of this name", {}, {}};
        moment = Timestamp::from_seconds(name->second);
    } else {
        moment = std::get<timeline::Moment>(text);
    }
    auto answer = timeline::plan(records, moment, now);
    if (auto* plan = std::get_if<Plan>(&answer))
        return open_plan(records, std::move(*plan), replay);
    return std::get<NoPlan>(std::move(answer));
}

std::optional<Timestamp> last_moment_in(const SourceRecords& records, Timestamp begin,
                                        Timestamp end, Timestamp now) {
    if (begin > now) return std::nullopt;
    const Timestamp last = std::min(Timestamp{end.ns - 1}, now);
    const auto answer = timeline::plan(records, last, now);
    std::optional<Timestamp> found;
    if (const auto* plan = std::get_if<Plan>(&answer))
        found = plan->time;
    else if (const auto& before = std::get<NoPlan>(answer).before)
        found = before->time;
    return found && *found >= begin ? found : std::nullopt;
}

}  // namespace yore::view
