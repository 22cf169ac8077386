// SPDX-License-Identifier: Apache-2.0
/// Plans and windows as JSON.
#include <yore/timeline/windows.h>
#include <yore/view/cluster_log.h>
#include <yore/view/moment.h>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "view/texts.h"

namespace yore::view {
namespace {

std::string incarnation_name(const SourceRecords& records, std::uint32_t number) {
    for (const timeline::Incarnation& each : records.incarnations())
        if (each.number == number) return each.name;
    return std::to_string(number);
}

nlohmann::json shown(const SourceRecords& records, const timeline::LogPlace& place) {
    return {{"incarnation", incarnation_name(records, place.incarnation)},
            {"position", place.position.value}};
}

nlohmann::json shown(const timeline::Span& span) {
    return {{"from", to_rfc3339(span.from_time)},
            {"to", to_rfc3339(span.to_time)},
            {"reason", span.reason}};
}

nlohmann::json shown(const SourceRecords& records, const timeline::Bound& bound) {
    nlohmann::json object{{"time", to_rfc3339(bound.time)}, {"reason", bound.reason}};
    if (bound.place) object["place"] = shown(records, *bound.place);
    return object;
}

std::string text_of(const nlohmann::json& object) {
    return object.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace

namespace {

/// The list that has the point is that of the segment that completes its record.
std::optional<format::RestorePoint> point_of(const SourceRecords& records,
                                             const timeline::Plan& plan) {
    if (!plan.place || !plan.point) return std::nullopt;
    auto segment = records.segment_ending_after(*plan.place);
    for (int tried = 0; segment && tried < 2; ++tried) {
        if (segment->points) {
            const timeline::Points points = records.points(*segment);
            const auto number = points.list.last_at_or_before(plan.place->position);
            if (number && points.list.at(*number).position == plan.place->position)
                return points.list.at(*number);
        }
        segment = records.segment_ending_after({segment->incarnation, segment->end});
    }
    return std::nullopt;
}

std::string lsn_text(LogPosition position) {
    return to_text(postgresql::lsn_of(position));
}

std::uint32_t timeline_number(std::uint32_t incarnation) {
    return system_timeline(incarnation).timeline.value;
}

/// The names of the first and the last segment that a range needs.
nlohmann::json segments_of(const SourceRecords& records, const timeline::LogRange& range) {
    const auto name_at = [&](LogPosition position) {
        const auto segment = records.segment_ending_after({range.incarnation, position});
        return segment ? segment->name : std::string();
    };
    return {{"first", name_at(range.begin)}, {"last", name_at({range.end.value - 1})}};
}

/// The base backup of the last moments of a cluster's window, and what it was made of.
void add_newest_base(const SourceRecords& records, const timeline::Window& window,
                     nlohmann::json& object) {
    const auto base = window.last.place ? records.newest_base(*window.last.place) : std::nullopt;
    if (!base) return;
    object["base_backup"] = records.name_of(*base).text();
    if (const auto from = records.rolled_from(*base)) object["rolled_from"] = from->text();
}

/// What a plan of a cluster has besides, in the words of PostgreSQL.
void add_cluster_facts(const SourceRecords& records, const timeline::Plan& plan,
                       nlohmann::json& object) {
    if (const auto point = point_of(records, plan)) {
        nlohmann::json& commit = object["commit"];
        commit = {{"lsn", lsn_text(point->position)},
                  {"time", to_rfc3339(point->time)},
                  {"timeline", timeline_number(plan.place->incarnation)}};
        if (point->id != 0) commit["xid"] = point->id;
        if (!point->label.empty()) commit["point"] = point->label;
    }
    const auto* base = std::get_if<timeline::Snapshot>(&plan.base);
    if (base != nullptr && base->log)
        object["base_backup"] = {{"start", lsn_text(base->log->start)},
                                 {"stop", lsn_text(base->log->consistent)},
                                 {"timeline", timeline_number(base->log->incarnation)}};
    if (base != nullptr && base->log)
        if (const auto from = records.rolled_from(*base))
            object["base_backup"]["rolled_from"] = from->text();
    for (std::size_t i = 0; i < plan.replay.size(); ++i)
        object["log"][i]["segments"] = segments_of(records, plan.replay[i]);
    object["warnings"] = nlohmann::json::array();
    if (!plan.point) return;
    const auto demands =
        replay_demands(records.logs(), records.source(), plan.replay, plan.place->position);
    for (const auto& [made, oid, path] : demands.tablespaces)
        object["warnings"].push_back(fmt::format(
            "recovery makes tablespace {} in {}: on the original's host it would change the "
            "original's files; so a copy does not start, see pg_tblspc/{}/READ_ME_FIRST",
            oid, path, oid));
}

}  // namespace

std::string plan_text(const SourceRecords& records, const Opened& opened) {
    return text_of(plan_json(records, opened));
}

nlohmann::json plan_json(const SourceRecords& records, const Opened& opened) {
    const timeline::Plan& plan = opened.plan;
    nlohmann::json object{{"moment", opened.name()}, {"restore_point", to_rfc3339(plan.time)}};
    if (const auto* snapshot = std::get_if<timeline::Snapshot>(&plan.base))
        object["snapshot"] = records.name_of(*snapshot).text();
    else
        object["tree_after"] = std::get<timeline::Segment>(plan.base).name;
    if (plan.place) object["place"] = shown(records, *plan.place);
    object["log"] = nlohmann::json::array();
    for (const timeline::LogRange& range : plan.replay)
        object["log"].push_back({{"incarnation", incarnation_name(records, range.incarnation)},
                                 {"begin", range.begin.value},
                                 {"end", range.end.value}});
    if (plan.uncertain) object["uncertain"] = shown(*plan.uncertain);
    if (records.is_cluster()) add_cluster_facts(records, plan, object);
    return object;
}

nlohmann::json windows_json(const SourceRecords& records) {
    nlohmann::json all = nlohmann::json::array();
    for (const timeline::Window& window : timeline::windows(records)) {
        nlohmann::json object{{"kind", window.incarnation ? "log" : "snapshots"},
                              {"first", shown(records, window.first)},
                              {"last", shown(records, window.last)},
                              {"known_until", to_rfc3339(window.known_until)}};
        if (window.incarnation)
            object["incarnation"] = incarnation_name(records, *window.incarnation);
        if (records.is_cluster()) add_newest_base(records, window, object);
        object["uncertain"] = nlohmann::json::array();
        for (const timeline::Span& span : window.uncertain)
            object["uncertain"].push_back(shown(span));
        all.push_back(std::move(object));
    }
    return all;
}

std::string windows_text(const SourceRecords& records) {
    return text_of({{"windows", windows_json(records)}});
}

}  // namespace yore::view
