// SPDX-License-Identifier: Apache-2.0
#include <vector>

#include <catch2/catch.hpp>

#include "ingest/postgresql/page_warnings.h"

using namespace yore::ingest;

TEST_CASE("pages that the server found damaged are counted, and told with their files") {
    std::vector<std::pair<std::string, std::string>> told;
    PageWarnings warnings([&](std::string path, std::string text) {
        told.emplace_back(std::move(path), std::move(text));
    });
    const auto warn = [&](const char* text) { warnings.take({"WARNING", text}); };
    warnings.take({"NOTICE", "WAL archiving is not enabled"});
    CHECK(told.empty());
    warn(
        "checksum verification failed in file \"./base/5/1\", block 3: calculated 1 but expected "
        "2");
    CHECK(told[0].first == "base/5/1");
    CHECK(told[0].second.find("block 3") != std::string::npos);
    CHECK(warnings.pages() == 1);
    for (int i = 0; i < 4; ++i)
        warn("checksum verification failed in file \"./base/5/9\", block 3: calculated 1");
    warn("further checksum verification failures in file \"./base/5/9\" will not be reported");
    CHECK(warnings.pages() == 5);
    warn("file \"./base/5/9\" has a total of 12 checksum verification failures");
    CHECK(warnings.pages() == 13);
    warn("no quotes at all");
    warn("one \"quote");
    CHECK(warnings.pages() == 15);
    CHECK(told.back().first == "quote");
}
