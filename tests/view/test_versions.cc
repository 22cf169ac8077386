// SPDX-License-Identifier: Apache-2.0
#include <yore/view/versions.h>

#include <algorithm>

#include "view_fixture.h"

using namespace yore;
using namespace yore::test;

namespace {

/// Five snapshots, an hour apart: `d/f` is made, stays, changes, goes and comes back.
struct History {
    ViewFixture fixture;
    catalog::Source home = fixture.add("home");

    History() {
        int hour = 0;
        for (const char* text : {"", "one", "one", "two", "", "two"}) {
            Folder folder;
            folder.folders["d"].files["other"] = fixture.file(fmt::format("{}", hour));
            if (*text != '\0') folder.folders["d"].files["f"] = fixture.file(text);
            fixture.take(home, hour++ * 3600, folder);
        }
    }
    std::vector<std::string> names(std::string_view path) const {
        auto all = fixture.names(path);
        std::ranges::sort(all);
        return {all.begin(), all.end()};
    }
};
using Names = std::vector<std::string>;

}  // namespace

TEST_CASE("Each state of a path that differs from the one before is a version, also its absence") {
    History history;
    std::vector<std::string> seen;
    view::scan_versions(
        history.fixture.catalog, history.fixture.cache, history.home.id, "d/f", nullptr,
        [&](const view::Version& version) {
            seen.push_back(version.state.name().substr(11, 2) + (version.entry ? "" : " gone"));
            return true;
        });
    CHECK(seen == Names{"03", "05", "06 gone", "07"});
}

TEST_CASE("versions/ has a directory for each name that ever was, with the versions of a file") {
    const History history;
    CHECK(history.names("home/versions") == Names{"d"});
    CHECK(history.names("home/versions/d") == Names{"f", "other"});
    CHECK(history.names("home/versions/d/f") ==
          Names{"2026-11-21T03-00-00Z", "2026-11-21T05-00-00Z", "2026-11-21T07-00-00Z"});
    CHECK(history.names("home/versions/d/other").size() == 6);
    CHECK(history.fixture.bytes("home/versions/d/f/2026-11-21T05-00-00Z") == "two");
    CHECK(history.fixture.at("home/versions/d/f/2026-11-21T03-00-00Z").identity ==
          history.fixture.at("home/snapshots/2026-11-21T04-00-00Z/d/f").identity);
    for (const char* path : {"x", "d/x", "d/f/2026-11-21T04-00-00Z", "d/f/2026-11-21T06-00-00Z",
                             "d/f/x", "d/f/2026-11-21T03-00-00Z/x"})
        CHECK_FALSE(history.fixture.is_there(fmt::format("home/versions/{}", path)));
}

TEST_CASE("the view keeps nothing for names in versions/, and makes them again as they were") {
    const History history;
    const view::Node once = history.fixture.at("home/versions/d/f");
    CHECK(once.versions_of.use_count() == 1);
    const view::Node again = history.fixture.at("home/versions/d/f");
    CHECK(once.identity == again.identity);
    CHECK(once.versions_of != again.versions_of);
    CHECK(history.fixture.at("home/versions").versions_of == nullptr);
}

TEST_CASE("What a path was is found without opening directories that stayed the same") {
    ViewFixture fixture;
    const auto home = fixture.add("home");
    Folder folder;
    for (int i = 0; i < 200; ++i)
        folder.folders["big"].files[fmt::format("f{}", i)] = fixture.file("same");
    for (int i = 0; i < 100; ++i) {
        folder.files["changing"] = fixture.file(fmt::format("{}", i));
        fixture.take(home, i * 60, folder);
    }
    const auto reads = [&](std::string_view path) {
        const store::ObjectCache cache(*fixture.store, 256u << 20);
        std::uint64_t versions = 0;
        view::scan_versions(fixture.catalog, cache, home.id, path, nullptr,
                            [&](const view::Version&) {
                                ++versions;
                                return true;
                            });
        return std::pair(versions, cache.stats().misses);
    };
    CHECK(reads("changing").first == 100);
    const auto [versions, misses] = reads("big/f7");
    CHECK(versions == 1);
    CHECK(misses <= 2 * 100 + 3);  // a root and its directory for each state, and `big` once
}
