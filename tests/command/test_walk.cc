// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "../support.h"
#include "../tree/tree_fixture.h"
#include "command/walk.h"

using namespace yore;
using namespace yore::test;

TEST_CASE("A walk ends with an error at a directory that lies below itself") {
    TreeFixture fixture;
    std::vector<std::string> paths;
    const command::Visitor visitor{.enter = [&](const command::WalkStep& step) {
        paths.push_back(step.path);
        return true;
    }};
    const auto code = code_thrown_by(
        [&] { command::walk(fixture.cache, fixture.build_loop(1), "top", visitor, {}); });
    CHECK(code == Errc::corrupt);
    CHECK(paths == std::vector<std::string>{"top/1", "top/again"});
}
