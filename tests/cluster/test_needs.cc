// SPDX-License-Identifier: Apache-2.0
#include <yore/cluster/needs.h>

#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>
#include <dlfcn.h>
#include <gnu/libc-version.h>
#include <unistd.h>

using namespace yore;
using namespace yore::cluster;

namespace {

using Texts = std::vector<std::string>;

std::string icu_library() {
    for (int version = 80; version >= 60; --version)
        if (const std::string name = "libicui18n.so." + std::to_string(version);
            ::dlopen(name.c_str(), RTLD_NOW | RTLD_LOCAL) != nullptr)
            return name;
    return "";
}

}  // namespace

TEST_CASE("Libraries that a server would not find are named") {
    const std::filesystem::path top =
        std::filesystem::temp_directory_path() / ("yore-needs-" + std::to_string(::getpid()));
    std::filesystem::create_directories(top / "bin");
    std::filesystem::create_directories(top / "lib");
    for (const char* name : {"bin/postgres", "lib/plpgsql.so", "lib/ltree.so"})
        std::ofstream(top / name).put('x');
    const std::string programs = top / "bin";
    const std::string whole = top / "lib/ltree";
    CHECK(missing_libraries({"$libdir/ltree", "$libdir/plpgsql.so", "ltree", whole}, programs)
              .empty());
    const auto missing = missing_libraries({"$libdir/postgis-3", "ltree", "/gone/x"}, programs);
    REQUIRE(missing.size() == 2);
    CHECK(missing[0].starts_with("library $libdir/postgis-3 is not here"));
    CHECK(missing[0].find(top / "lib") != std::string::npos);
    CHECK(missing[1].starts_with("library /gone/x "));
    CHECK(missing_libraries({"$libdir/postgis-3"}, "/nowhere").empty());
    std::filesystem::remove_all(top);
}

TEST_CASE("Collations of another version than here are named") {
    const std::string here = ::gnu_get_libc_version();
    CHECK(other_collations({"libc C.UTF-8 " + here, "builtin C.UTF-8 1", "strange"}, ::getpid())
              .empty());
    const auto other = other_collations({"libc C.UTF-8 1.0", "libc xx_YY 2.36"}, ::getpid());
    REQUIRE(other.size() == 2);
    CHECK(other[0].starts_with("collation libc C.UTF-8 is of version " + here + " here, not 1.0"));
    CHECK(other[1].starts_with("collation libc xx_YY is not here"));
}

TEST_CASE("ICU's collations are compared with the library that the server runs with") {
    if (icu_library().empty()) return;
    const auto other = other_collations({"icu de 1.2"}, ::getpid());
    REQUIRE(other.size() == 1);
    const auto at = other[0].find("version ") + 8;
    const std::string here = other[0].substr(at, other[0].find(' ', at) - at);
    CHECK(here.find('.') != std::string::npos);
    CHECK(other_collations({"icu de " + here}, ::getpid()).empty());
}
