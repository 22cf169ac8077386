// SPDX-License-Identifier: Apache-2.0
#include <yore/base/zone.h>

#include "../support.h"

using namespace yore;
using namespace std::chrono_literals;

namespace {

Timestamp at(std::string_view text) {
    return parse_time(text, {}).value();
}
std::chrono::local_seconds shown(std::string_view text) {
    return std::chrono::local_seconds(std::chrono::seconds(at(text).ns / 1'000'000'000));
}

}  // namespace

TEST_CASE("a clock shows UTC or the time of a named zone") {
    CHECK(Zone().name() == "UTC");
    CHECK(Zone().local(at("2026-11-21T14:07:31.5Z")) == shown("2026-11-21T14:07:31Z"));
    const Zone berlin = Zone::named("Europe/Berlin");
    CHECK(berlin.local(at("2026-11-21T14:07Z")) == shown("2026-11-21T15:07Z"));
    CHECK(berlin.local(at("2026-07-21T14:07Z")) == shown("2026-07-21T16:07Z"));
    CHECK(berlin.local({-1}) == shown("1970-01-01T00:59:59Z"));
    CHECK(berlin.first(shown("2026-07-21T16:07Z")) == at("2026-07-21T14:07Z"));
}

TEST_CASE("a time that is skipped is when the skipping is over, a repeated one is its first") {
    const Zone berlin = Zone::named("Europe/Berlin");
    CHECK(berlin.first(shown("2027-03-28T02:30Z")) == at("2027-03-28T01:00Z"));
    CHECK(berlin.first(shown("2026-10-25T02:30Z")) == at("2026-10-25T00:30Z"));
    CHECK(berlin.next_change(at("2026-10-25T00:30Z")) == at("2026-10-25T01:00Z"));
    CHECK(berlin.next_change(at("2026-10-25T01:00Z")) == at("2027-03-28T01:00Z"));
    CHECK(Zone().next_change(at("2026-10-25T01:00Z")) > at("2262-04-11T00:00Z"));
}

TEST_CASE("what is not the name of a zone is refused, also the path of a zone file") {
    for (const char* name : {"", "Europe/Atlantis", "/usr/share/zoneinfo/Europe/Berlin",
                             "file:Europe/Berlin", "../zoneinfo/UTC", "Europe"})
        CHECK_THROWS_AS(Zone::named(name), Error);
}
