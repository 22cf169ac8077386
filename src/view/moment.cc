// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/number.h>
#include <yore/postgresql/lsn.h>
#include <yore/timeline/windows.h>
#include <yore/view/cluster_log.h>
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
    return std::get<timeline::Segment>(plan.base).tree.value();
}

/// A later upgrade makes `tl1` another system's: with several of them, each is named.
std::string position_name(const timeline::LogPlace& place, std::uint32_t systems) {
    const auto [system, timeline] = system_timeline(place.incarnation);
    return fmt::format("{}tl{}-lsn-{}", systems > 1 ? fmt::format("sys{}-", system) : "",
                       timeline.value, to_name(postgresql::lsn_of(place.position)));
}

/// Of clusters, whose commits are not in the order of their times: a commit behind a later one is
/// not what its time means.
std::optional<std::string> name_where_time_misleads(const SourceRecords& records, const Plan& plan,
                                                    Timestamp now) {
    if (!plan.place || !plan.point || !records.is_cluster()) return std::nullopt;
    const auto by_time = timeline::plan(records, plan.time, now);
    const auto* same = std::get_if<Plan>(&by_time);
    if (same != nullptr && same->place == plan.place) return std::nullopt;
    return position_name(*plan.place, records.incarnations().back().system);
}

std::variant<Opened, NoPlan> open_plan(const SourceRecords& records, Plan plan, Timestamp now,
                                       const Replay* replay) {
    const auto* snapshot = std::get_if<timeline::Snapshot>(&plan.base);
    // Before the first commit that is known behind it, a base backup is the state.
    const bool is_before_log = snapshot != nullptr && !plan.point && records.is_cluster();
    if (is_before_log || (snapshot != nullptr && plan.replay.empty())) {
        const catalog::SnapshotName name = records.name_of(*snapshot);
        return Opened{std::move(plan), name};
    }
    const NodeId base = root_of_base(records, plan);
    if (plan.replay.empty()) return Opened{std::move(plan), base};
    std::optional<NodeId> root;
    if (replay != nullptr) root = replay->apply(records.source(), base, plan);
    if (root && *root == base && snapshot != nullptr) {
        const catalog::SnapshotName name = records.name_of(*snapshot);
        return Opened{std::move(plan), name};
    }
    if (root) {
        auto position_name = name_where_time_misleads(records, plan, now);
        return Opened{std::move(plan), *root, std::move(position_name)};
    }
    return NoPlan{NoPlan::Why::no_base, "the log before it cannot be applied", {}, {}};
}

/// `NAME` behind a word: nullopt when the text begins otherwise, or ends with the word.
std::optional<std::string_view> behind(std::string_view word, std::string_view text) {
    if (!text.starts_with(word) || text.size() == word.size()) return std::nullopt;
    return text.substr(word.size());
}

std::optional<NamedPosition> parse_position(std::string_view text) {
    NamedPosition position{};
    position.system = take_numbered("sys", text);
    position.timeline = take_numbered("tl", text);
    if (const auto name = behind("lsn-", text)) {
        const auto lsn = postgresql::parse_lsn_name(*name);
        if (!lsn) return std::nullopt;
        position.what = postgresql::position_of(*lsn);
    } else if (const auto xid = behind("xid-", text)) {
        const auto number = parse_number<std::uint64_t>(*xid);
        if (!number) return std::nullopt;
        position.what = NamedPosition::Transaction{*number};
    } else if (const auto label = behind("point-", text)) {
        position.what = NamedPosition::Point{std::string(*label)};
    } else {
        return std::nullopt;
    }
    return position;
}

}  // namespace

std::optional<MomentText> parse_moment(std::string_view text, Timestamp now) {
    if (text == "latest") return timeline::Moment(timeline::Latest{});
    if (text == "earliest") return timeline::Moment(timeline::Earliest{});
    if (const auto name = catalog::SnapshotName::parse(text)) return *name;
    if (auto position = parse_position(text)) return std::move(*position);
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
    if (snapshot != nullptr) return snapshot->text();
    return position_name ? *position_name : moment_name(plan.time);
}

namespace {

/// Where a record of points is that is asked for; in log order the last one.
std::optional<LogPosition> find_point(const SourceRecords& records, std::uint32_t incarnation,
                                      const NamedPosition& wanted) {
    std::optional<LogPosition> place;
    records.logs().scan_segments(
        records.source(), incarnation, {}, [&](const catalog::LogSegment& segment) {
            const timeline::Segment planned_segment = planned(segment);
            if (!planned_segment.points) return true;
            const timeline::Points points = records.points(planned_segment);
            std::optional<std::uint32_t> number;
            if (const auto* one = std::get_if<NamedPosition::Transaction>(&wanted.what))
                number = points.list.with_id(one->id);
            else
                number = points.list.with_label(std::get<NamedPosition::Point>(wanted.what).label);
            if (number) place = points.list.at(*number).position;
            return true;
        });
    return place;
}

}  // namespace

std::optional<timeline::AtPosition> resolve(const SourceRecords& records,
                                            const NamedPosition& wanted) {
    if (!records.is_cluster()) return std::nullopt;
    const auto incarnations = records.incarnations();
    const auto log = std::find_if(
        incarnations.rbegin(), incarnations.rend(), [&](const timeline::Incarnation& each) {
            const auto [system, timeline] = system_timeline(each.number);
            return system == wanted.system.value_or(incarnations.back().system) &&
                   timeline.value == wanted.timeline.value_or(timeline.value);
        });
    if (log == incarnations.rend()) return std::nullopt;
    if (const auto* position = std::get_if<LogPosition>(&wanted.what))
        return timeline::AtPosition{log->number, *position};
    // A parent has a lower number; what it holds behind the fork is not of this log.
    std::optional<timeline::LogPlace> fork;
    for (std::optional<std::uint32_t> number = log->number; number;) {
        const auto here = std::ranges::find(incarnations, *number, &timeline::Incarnation::number);
        if (here == incarnations.end()) break;
        const auto place = find_point(records, here->number, wanted);
        if (place && (!fork || *place < fork->position))
            return timeline::AtPosition{here->number, *place};
        fork = here->fork;
        number = fork && fork->incarnation < here->number ? std::optional(fork->incarnation)
                                                          : std::nullopt;
    }
    return std::nullopt;
}

NodeId root_of(const SourceRecords& records, const Opened& opened) {
    if (const auto* root = std::get_if<NodeId>(&opened.tree)) return *root;
    return records.root_of(std::get<timeline::Snapshot>(opened.plan.base));
}

std::vector<catalog::References> references_behind(const SourceRecords& records,
                                                   const Opened& opened) {
    std::vector<catalog::References> behind{{{root_of_base(records, opened.plan)}, {}, {}}};
    for (const timeline::LogRange& range : opened.plan.replay)
        records.logs().scan_segments(records.source(), range.incarnation, range.begin,
                                     [&](const catalog::LogSegment& segment) {
                                         if (segment.begin >= range.end) return false;
                                         behind.push_back(catalog::references_of(segment));
                                         return true;
                                     });
    return behind;
}

std::variant<Opened, NoPlan> open_moment(const SourceRecords& records, const MomentText& text,
                                         Timestamp now, const Replay* replay) {
    auto moment = timeline::Moment(timeline::Latest{});
    if (const auto* name = std::get_if<NamedSnapshot>(&text)) {
        if (auto exact = plan_of_snapshot(records, *name))
            return open_plan(records, std::move(*exact), now, replay);
        if (name->ordinal != 1)
            return NoPlan{NoPlan::Why::nothing_stored, "there is no snapshot of this name", {}, {}};
        moment = Timestamp::from_seconds(name->second);
    } else if (const auto* position = std::get_if<NamedPosition>(&text)) {
        const auto place = resolve(records, *position);
        if (!place)
            return NoPlan{NoPlan::Why::unknown_incarnation, "the log has no such place", {}, {}};
        moment = *place;
    } else {
        moment = std::get<timeline::Moment>(text);
    }
    auto answer = timeline::plan(records, moment, now);
    if (auto* plan = std::get_if<Plan>(&answer))
        return open_plan(records, std::move(*plan), now, replay);
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
