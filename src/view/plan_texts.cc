// SPDX-License-Identifier: Apache-2.0
/// Plans and windows as JSON.
#include <yore/timeline/windows.h>
#include <yore/view/moment.h>

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

std::string plan_text(const SourceRecords& records, const Opened& opened) {
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
    return text_of(object);
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
