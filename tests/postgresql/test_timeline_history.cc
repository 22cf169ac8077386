// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/timeline_history.h>

#include "../support.h"

using namespace yore;
using namespace yore::postgresql;

namespace {

std::vector<TimelineSwitch> parsed(std::string_view text, std::uint32_t timeline) {
    return parse_timeline_history(as_bytes(text), {timeline}, "00000009.history");
}
std::optional<Errc> refusal_of(std::string_view text) {
    return test::code_thrown_by([&] { parsed(text, 9); });
}

}  // namespace

TEST_CASE("A timeline's history names its ancestors with the ends of their parts") {
    CHECK(parsed("1\t0/3000158\tno recovery target specified\n"
                 "\n"
                 "3\t16/B374D848\tbefore 2026-11-21 14:07:32.719573+00\n",
                 9) == std::vector<TimelineSwitch>{
                           {{1}, {0x300'0158}, "no recovery target specified"},
                           {{3}, {0x16'B374D848}, "before 2026-11-21 14:07:32.719573+00"}});
}

TEST_CASE("Of a history, comments, blank lines and a missing last line feed are passed over") {
    CHECK(parsed("# by hand\n \t\n  1 0/28 \r\n2\t0/28\tx", 3) ==
          std::vector<TimelineSwitch>{{{1}, {0x28}, ""}, {{2}, {0x28}, "x"}});
    CHECK(parsed("", 1).empty());
}

TEST_CASE("A history that cannot be is corrupt") {
    for (const char* text :
         {"1", "1\t\n", "1\t0-28\tx\n", "one\t0/28\tx\n", "-1\t0/28\tx\n", "1x\t0/28\tx\n",
          "0\t0/28\tx\n", "9\t0/28\tx\n", "10\t0/28\tx\n", "1\t0/28\tx\n1\t0/38\tx\n",
          "2\t0/28\tx\n1\t0/38\tx\n", "1\t0/38\tx\n2\t0/28\tx\n", "99999999999\t0/28\tx\n"}) {
        INFO(text);
        CHECK(refusal_of(text) == Errc::corrupt);
    }
}

TEST_CASE("What is wrong with a history is said with its name and line") {
    CHECK_THROWS_WITH(parsed("1\t0/28\tx\n1\t0/38\tx\n", 9),
                      "timeline history 00000009.history: line 2: timeline 1 is out of order");
}
