// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/zone.h>

#include <algorithm>
#include <limits>

#include <cctz/time_zone.h>

namespace yore {
namespace {

using Instant = cctz::time_point<cctz::seconds>;

const cctz::civil_second epoch(1970);

Instant instant_of(Timestamp time) {
    return Instant(std::chrono::floor<cctz::seconds>(std::chrono::nanoseconds(time.ns)));
}
Timestamp timestamp_of(Instant instant) {
    return Timestamp::from_seconds(instant.time_since_epoch().count());
}

/// cctz takes paths, too; a schedule names a zone.
bool is_zone_name(const std::string& name) {
    return !name.empty() && name.front() != '/' && name.find("..") == std::string::npos &&
           std::ranges::all_of(name, [](char c) {
               return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
                      c == '/' || c == '_' || c == '-' || c == '+';
           });
}

}  // namespace

struct Zone::Rules {
    cctz::time_zone zone;  // its default is UTC
};

Zone::Zone() : name_("UTC"), rules_(std::make_shared<const Rules>()) {}

Zone Zone::named(const std::string& name) {
    Zone zone;
    if (name == zone.name_) return zone;
    Rules rules;
    if (!is_zone_name(name) || !cctz::load_time_zone(name, &rules.zone))
        throw Error(Errc::invalid, fmt::format("there is no time zone {}", name),
                    {"a zone is named as in the tz database: UTC, Europe/Berlin, Asia/Tokyo",
                     "the package tzdata brings them (/usr/share/zoneinfo)"});
    zone.name_ = name;
    zone.rules_ = std::make_shared<const Rules>(rules);
    return zone;
}

std::chrono::local_seconds Zone::local(Timestamp time) const {
    return std::chrono::local_seconds(
        std::chrono::seconds(rules_->zone.lookup(instant_of(time)).cs - epoch));
}

Timestamp Zone::first(std::chrono::local_seconds local) const {
    const auto found = rules_->zone.lookup(epoch + local.time_since_epoch().count());
    const bool skipped = found.kind == cctz::time_zone::civil_lookup::SKIPPED;
    return timestamp_of(skipped ? found.trans : found.pre);
}

Timestamp Zone::next_change(Timestamp time) const {
    cctz::time_zone::civil_transition change;
    if (!rules_->zone.next_transition(instant_of(time), &change))
        return {std::numeric_limits<std::int64_t>::max()};
    return timestamp_of(rules_->zone.lookup(change.to).trans);
}

}  // namespace yore
