// SPDX-License-Identifier: Apache-2.0
/// The model sees what it is to see.
#include <yore/base/fd.h>

#include <functional>
#include <map>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "../support.h"
#include "model/digest.h"
#include "model/model.h"

using namespace yore;
using namespace yore::test;

namespace {

void write_at(const std::string& path, off_t offset, std::string_view bytes) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    REQUIRE(::pwrite(fd.get(), bytes.data(), bytes.size(), offset) ==
            static_cast<ssize_t>(bytes.size()));
}

/// A directory with one of each.
std::string filled(const TemporaryDirectory& scratch, const char* name) {
    const std::string top = scratch.path() + "/" + name;
    REQUIRE(::mkdir(top.c_str(), 0755) == 0);
    REQUIRE(::mkdir((top + "/folder").c_str(), 0755) == 0);
    write_at(top + "/folder/file", 0, "some bytes");
    write_at(top + "/folder/sparse", 1 << 22, "far away");
    REQUIRE(::symlink("file", (top + "/folder/link").c_str()) == 0);
    REQUIRE(::link((top + "/folder/file").c_str(), (top + "/other").c_str()) == 0);
    return top;
}

}  // namespace

TEST_CASE("each kind of difference between two trees is seen") {
    const std::map<std::string, std::function<void(const std::string&)>> changes{
        {"a byte", [](const auto& top) { write_at(top + "/folder/file", 3, "x"); }},
        {"a byte far away",
         [](const auto& top) { write_at(top + "/folder/sparse", 1 << 22, "x"); }},
        {"a byte in a hole", [](const auto& top) { write_at(top + "/folder/sparse", 99, "x"); }},
        {"the size",
         [](const auto& top) { ::truncate((top + "/folder/sparse").c_str(), 1 << 23); }},
        {"the mode", [](const auto& top) { ::chmod((top + "/folder").c_str(), 0700); }},
        {"a target",
         [](const auto& top) {
             ::unlink((top + "/folder/link").c_str());
             ::symlink("files", (top + "/folder/link").c_str());
         }},
        {"links",
         [](const auto& top) {
             ::unlink((top + "/other").c_str());
             write_at(top + "/other", 0, "some bytes");
         }},
        {"an attribute",
         [](const auto& top) { ::setxattr((top + "/other").c_str(), "user.a", "b", 1, 0); }},
        {"a time",
         [](const auto& top) {
             const timespec times[2] = {{7, 0}, {7, 0}};
             ::utimensat(AT_FDCWD, (top + "/other").c_str(), times, 0);
         }},
        {"a name",
         [](const auto& top) { ::rename((top + "/other").c_str(), (top + "/o").c_str()); }},
    };
    for (const auto& [what, change] : changes) {
        const TemporaryDirectory scratch;
        const std::string model = filled(scratch, "model"), tried = filled(scratch, "tried");
        INFO(what);
        CHECK(tree_difference(model, tried) == "");
        change(tried);
        CHECK(tree_difference(model, tried) != "");
    }
}

TEST_CASE("holes make no difference") {
    const TemporaryDirectory scratch;
    const std::string model = filled(scratch, "model"), tried = filled(scratch, "tried");
    write_at(tried + "/folder/sparse", 1000, std::string(10'000, '\0'));
    CHECK(tree_difference(model, tried) == "");
}

TEST_CASE("two directories of one file system stay equal under the same operations") {
    CAPTURE(test_seed());
    const TemporaryDirectory scratch;
    const std::string model = filled(scratch, "model"), tried = filled(scratch, "tried");
    CHECK(difference_after({model, tried, test_seed(), 300}).value_or("") == "");
}
