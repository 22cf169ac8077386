// SPDX-License-Identifier: Apache-2.0
#include <yore/base/random.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <set>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "../support.h"
#include "ingest/exclude.h"

using namespace yore;
using ingest::ExcludeRules;
using ingest::PathKind;

namespace {

bool excluded(std::vector<std::string> patterns, std::string_view path,
              PathKind kind = PathKind::file) {
    return ExcludeRules(patterns).excludes(path, kind);
}

/// What git says: the paths (of files) that match, with the directories above them left aside.
std::set<std::string> ignored_by_git(const std::string& directory,
                                     const std::vector<std::string>& patterns,
                                     const std::vector<std::string>& paths) {
    std::ofstream ignore(directory + "/.git/info/exclude", std::ios::trunc);
    for (const std::string& pattern : patterns) ignore << pattern << '\n';
    ignore.close();
    std::ofstream input(directory + "/.git/input", std::ios::trunc);
    for (const std::string& path : paths) input << path << '\0';
    input.close();
    const std::string command = fmt::format(
        "git -C {0} check-ignore --no-index --stdin -z < {0}/.git/input > {0}/.git/output",
        directory);
    const int status = std::system(command.c_str());
    REQUIRE((status == 0 || WEXITSTATUS(status) == 1));
    std::ifstream output(directory + "/.git/output");
    const std::string text{std::istreambuf_iterator<char>(output), {}};
    std::set<std::string> ignored;
    for (std::size_t at = 0; at < text.size(); at = text.find('\0', at) + 1)
        ignored.insert(text.substr(at, text.find('\0', at) - at));
    return ignored;
}

/// As a walk finds it: a directory on the way that is excluded hides what is below.
bool excluded_on_a_walk(const ExcludeRules& rules, const std::string& path) {
    for (std::size_t slash = path.find('/'); slash != std::string::npos;
         slash = path.find('/', slash + 1))
        if (rules.excludes(std::string_view(path).substr(0, slash), PathKind::directory))
            return true;
    return rules.excludes(path, PathKind::file);
}

template <std::size_t Size>
std::string any(SeededRandom& random, const std::array<const char*, Size>& pieces) {
    return pieces[random.below(Size)];
}

std::string any_pattern(SeededRandom& random) {
    static constexpr std::array pieces = {
        "a",   "b",   "a",    "b",           "c", "*",   "?",      "[ab]",  "[!a]",   "[^b-c]",
        "\\a", "[a-", "[]a]", "[[:alpha:]]", ".", "\\*", "[a-c]b", "[]-b]", "[\\]a]", "[a/b]"};
    std::string pattern = random.below(4) == 0 ? "!" : "";
    if (random.below(4) == 0) pattern += "/";
    for (std::uint64_t part = 0, parts = 1 + random.below(3); part < parts; ++part) {
        if (part > 0) pattern += "/";
        if (random.below(4) == 0) {
            pattern += "**";
            continue;
        }
        bool star = false;
        for (std::uint64_t i = 0, count = 1 + random.below(3); i < count; ++i) {
            const std::string piece = any(random, pieces);
            if (piece == "*" && star) continue;  // two stars beside other bytes: see below
            star = piece == "*";
            pattern += piece;
        }
    }
    if (random.below(5) == 0) pattern += "/";
    if (random.below(10) == 0) pattern += " ";
    return pattern;
}

std::string any_path(SeededRandom& random) {
    static constexpr std::array pieces = {"a", "b", "c", "ab", ".", "a]", "*", "-", "B"};
    std::string path;
    for (std::uint64_t part = 0, parts = 1 + random.below(4); part < parts; ++part) {
        if (part > 0) path += "/";
        std::string name;
        for (std::uint64_t i = 0, count = 1 + random.below(2); i < count; ++i)
            name += any(random, pieces);
        path += name == "." || name == ".." ? "a" : name;
    }
    return path;
}

}  // namespace

TEST_CASE("a pattern without a slash is matched with the last name") {
    CHECK(excluded({"*.tmp"}, "a.tmp"));
    CHECK(excluded({"*.tmp"}, "deep/down/a.tmp"));
    CHECK_FALSE(excluded({"*.tmp"}, "a.tmp.txt"));
    CHECK(excluded({"a?c"}, "x/abc"));
    CHECK_FALSE(excluded({"a?c"}, "ac"));
}

TEST_CASE("a slash at the start or inside anchors, one at the end means directories") {
    CHECK(excluded({"/a"}, "a"));
    CHECK_FALSE(excluded({"/a"}, "b/a"));
    CHECK(excluded({"a/b"}, "a/b"));
    CHECK_FALSE(excluded({"a/b"}, "x/a/b"));
    CHECK(excluded({"a/"}, "x/a", PathKind::directory));
    CHECK_FALSE(excluded({"a/"}, "x/a"));
}

TEST_CASE("two stars stand for any number of directories") {
    CHECK(excluded({"**/x"}, "x"));
    CHECK(excluded({"**/x"}, "a/b/x"));
    CHECK(excluded({"a/**/x"}, "a/x"));
    CHECK(excluded({"a/**/x"}, "a/b/c/x"));
    CHECK_FALSE(excluded({"a/**/x"}, "b/a/x"));
    CHECK(excluded({"a/**"}, "a/b"));
    CHECK_FALSE(excluded({"a/**"}, "a", PathKind::directory));
    // Beside other bytes they are one star, as gitignore(5) says.
    CHECK(excluded({"x/a**b"}, "x/a-b"));
    CHECK_FALSE(excluded({"x/a**b"}, "x/a/b"));
}

TEST_CASE("the last pattern that matches decides") {
    CHECK_FALSE(excluded({"*.log", "!keep.log"}, "keep.log"));
    CHECK(excluded({"!keep.log", "*.log"}, "keep.log"));
    CHECK_FALSE(excluded({"# comment", "", "  "}, "# comment"));
    CHECK(excluded({"\\# x", "\\!y"}, "# x"));
    CHECK(excluded({"\\# x", "\\!y"}, "!y"));
    CHECK(excluded({"a\\ "}, "a "));
    CHECK(excluded({"a  "}, "a"));
}

TEST_CASE("a pattern made to be slow is not") {
    std::string pattern, path(30'000, 'a');
    for (int i = 0; i < 40; ++i) pattern += "a*";
    CHECK_FALSE(excluded({pattern + "b"}, path));
    std::string deep = "x";
    for (int i = 0; i < 2000; ++i) deep += "/x";
    CHECK_FALSE(excluded({"**/x/**/x/**/x/**/x/**/y"}, deep));
}

TEST_CASE("random patterns exclude what git ignores") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    const test::TemporaryDirectory directory;
    REQUIRE(std::system(fmt::format("git init -q {}", directory.path()).c_str()) == 0);
    for (int round = 0; round < 100; ++round) {
        std::vector<std::string> patterns, paths;
        for (std::uint64_t i = 0, count = 1 + random.below(4); i < count; ++i)
            patterns.push_back(any_pattern(random));
        for (int i = 0; i < 60; ++i) paths.push_back(any_path(random));
        const auto expected = ignored_by_git(directory.path(), patterns, paths);
        const ExcludeRules rules(patterns);
        for (const std::string& path : paths) {
            CAPTURE(patterns, path);
            CHECK(excluded_on_a_walk(rules, path) == expected.contains(path));
        }
    }
}
