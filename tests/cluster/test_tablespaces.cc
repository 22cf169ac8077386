// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "cluster/tablespaces.h"

using namespace yore;
using namespace yore::cluster;
namespace fs = std::filesystem;

namespace {

struct Data {
    Data() {
        char name[] = "/tmp/yore-cluster-XXXXXX";
        top = ::mkdtemp(name);
        fs::create_directories(top / "pg_tblspc");
    }
    ~Data() { fs::remove_all(top); }
    void guard(const std::string& oid, const std::string& location) const {
        fs::create_directory(top / "pg_tblspc" / oid);
        std::ofstream(top / "pg_tblspc" / oid / "location") << location;
    }
    fs::path top;
    User user{::getuid(), ::getgid(), {}, {}};
};

}  // namespace

TEST_CASE("Guarded tablespaces are found, links to others are not") {
    const Data data;
    CHECK(guarded_tablespaces(data.top).empty());
    data.guard("16400", "/srv/space");
    fs::create_symlink("../tablespaces/1", data.top / "pg_tblspc" / "1");
    CHECK(guarded_tablespaces(data.top) == std::vector<LoggedTablespace>{{"16400", "/srv/space"}});
    data.guard("16401", "elsewhere");
    CHECK_THROWS_AS(guarded_tablespaces(data.top), Error);
}

TEST_CASE("What replay makes outside of a copy leads into the copy afterwards") {
    const Data data;
    data.guard("16400", "/srv/space");
    const auto guarded = guarded_tablespaces(data.top);
    open_tablespaces(data.top, guarded, data.user);
    const auto place = data.top / "pg_tblspc" / "16400";
    CHECK(!fs::exists(fs::symlink_status(place)));
    CHECK(fs::is_directory(data.top / "tablespaces" / "16400"));
    open_tablespaces(data.top, guarded, data.user);  // again, after a crash

    close_tablespaces(data.top, guarded, data.user);  // not replayed yet
    CHECK(!fs::exists(fs::symlink_status(place)));
    fs::create_symlink("/srv/space", place);
    close_tablespaces(data.top, guarded, data.user);
    close_tablespaces(data.top, guarded, data.user);
    CHECK(fs::read_symlink(place) == "../tablespaces/16400");
    CHECK(fs::exists(place));
}
