// SPDX-License-Identifier: Apache-2.0
#include <yore/base/fd.h>

#include <algorithm>
#include <cerrno>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support.h"
#include "ingest/listing.h"

using namespace yore;
using ingest::Listing;
using ingest::PathKind;

namespace {

Fd open_directory(const std::string& path) {
    return Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
}

}  // namespace

TEST_CASE("a listing has all names in the order of their bytes") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    const test::TemporaryDirectory directory;
    std::vector<std::string> names = {"a",    "aaaaaaaa", "aaaaaaaab", "aaaaaaab",
                                      "\x01", "\xff",     "A"};
    for (int i = 0; i < 60; ++i) {
        std::string name = random.below(2) == 0 ? "common-prefix-" : "";
        for (std::uint64_t n = 1 + random.below(12); n > 0; --n)
            name += static_cast<char>(1 + random.below(255));
        std::ranges::replace(name, '/', '_');
        if (name != "." && name != "..") names.push_back(name);
    }
    std::ranges::sort(names, [](std::string_view a, std::string_view b) { return a < b; });
    names.erase(std::ranges::unique(names).begin(), names.end());
    for (const std::string& name : names)
        REQUIRE(Fd(::open((directory / name).c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)));

    Listing listing;
    Buffer buffer(512);  // many calls
    REQUIRE(listing.read(open_directory(directory.path()).get(), buffer.span()) == 0);
    REQUIRE(listing.size() == names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        REQUIRE(listing.name(i) == names[i]);
        REQUIRE(listing.name(i).data()[names[i].size()] == '\0');
        REQUIRE(listing.contains(names[i]));
    }
    CHECK_FALSE(listing.contains("common-prefix-"));
    listing.keep_only("aaaaaaaab");
    REQUIRE(listing.size() == 1);
    CHECK(listing.name(0) == "aaaaaaaab");
    listing.keep_only("other");
    CHECK(listing.size() == 0);
}

TEST_CASE("a listing tells directories from others, and what went wrong") {
    const test::TemporaryDirectory directory;
    REQUIRE(::mkdir((directory / "d").c_str(), 0755) == 0);
    REQUIRE(::symlink("d", (directory / "l").c_str()) == 0);
    Listing listing;
    Buffer buffer(4096);
    REQUIRE(listing.read(open_directory(directory.path()).get(), buffer.span()) == 0);
    REQUIRE(listing.size() == 2);
    CHECK(listing.kind(0).value_or(PathKind::directory) == PathKind::directory);
    CHECK(listing.kind(1).value_or(PathKind::file) == PathKind::file);
    const Fd file(::open((directory / "f").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
    CHECK(listing.read(file.get(), buffer.span()) == ENOTDIR);
    CHECK(listing.size() == 0);
}
