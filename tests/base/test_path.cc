// SPDX-License-Identifier: Apache-2.0
#include <yore/base/path.h>

#include <catch2/catch.hpp>

using namespace yore;

TEST_CASE("Names are joined with a slash, unless one is empty, and come apart again") {
    CHECK(join_path("", "a") == "a");
    CHECK(join_path("a", "") == "a");
    CHECK(join_path("a/b", "c") == "a/b/c");
    CHECK(directory_of("a/b/c") == "a/b");
    CHECK(directory_of("a").empty());
    CHECK(directory_of("").empty());
}

TEST_CASE("What is below a directory has its whole name in front") {
    CHECK(is_below("a/b", "a"));
    CHECK(is_below("a/b/c", "a"));
    CHECK(is_below("a", ""));
    CHECK(is_below("/a", "/"));
    for (const char* path : {"a", "ab", "ab/c", "", "b/a"}) CHECK_FALSE(is_below(path, "a"));
    CHECK_FALSE(is_below("", ""));
    CHECK_FALSE(is_below("/", "/"));
    CHECK(is_at_or_below("a", "a"));
    CHECK(is_at_or_below("a/b", "a"));
    CHECK(is_at_or_below("", ""));
    CHECK_FALSE(is_at_or_below("ab", "a"));
}
