// SPDX-License-Identifier: Apache-2.0
#include <yore/timeline/random_moment.h>

#include "../support.h"

using namespace yore;
using namespace yore::timeline;

namespace {

Window window(std::int64_t first, std::int64_t until) {
    Window window;
    window.first.time = {first};
    window.last.time = window.known_until = {until};
    return window;
}

}  // namespace

TEST_CASE("without a window there is no random moment") {
    CHECK(random_moment({}, 7) == std::nullopt);
}

TEST_CASE("random numbers in a row go through all moments of all windows, and begin anew") {
    const std::vector<Window> windows{window(10, 12), window(20, 20), window(30, 31)};
    std::vector<std::int64_t> seen;
    for (std::uint64_t random = 0; random < 7; ++random)
        seen.push_back(random_moment(windows, random).value().ns);
    CHECK(seen == std::vector<std::int64_t>{10, 11, 12, 20, 30, 31, 10});
}

TEST_CASE("the greatest random number is a moment, too") {
    const auto moment = random_moment({window(1'000, 5'000)}, ~std::uint64_t{0}).value();
    CHECK(moment.ns >= 1'000);
    CHECK(moment.ns <= 5'000);
}
