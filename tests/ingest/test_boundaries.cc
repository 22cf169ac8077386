// SPDX-License-Identifier: Apache-2.0
/// What a snapshot leaves out, and what it cannot read.
#include <yore/base/error.h>
#include <yore/base/fd.h>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/fsuid.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest/boundaries.h"
#include "ingest_fixture.h"

using namespace yore;
using namespace yore::ingest;
using ingest::test::Bench;
using Names = std::vector<std::string>;

namespace {

/// A tmpfs on `path`, gone with the object.
class Mount {
  public:
    explicit Mount(std::string path) : path_(std::move(path)) {
        mounted_ = ::mount("none", path_.c_str(), "tmpfs", 0, "size=1m") == 0;
    }
    ~Mount() {
        if (mounted_) ::umount2(path_.c_str(), MNT_DETACH);
    }
    explicit operator bool() const { return mounted_; }

  private:
    std::string path_;
    bool mounted_;
};

bool set_nodump(const std::string& path) {
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    int flags = 0;
    if (::ioctl(fd.get(), FS_IOC_GETFLAGS, &flags) != 0) return false;
    flags |= FS_NODUMP_FL;
    return ::ioctl(fd.get(), FS_IOC_SETFLAGS, &flags) == 0;
}

constexpr std::string_view cache_tag =
    "Signature: 8a477f597d28d172789f06886806bc55\n# made by a program\n";

}  // namespace

TEST_CASE("excluded names are left out, and go when they come to be excluded") {
    Bench bench({"", false, true, true, {"*.tmp", "/build/", "!keep.tmp"}});
    bench.make_directory("build");
    bench.make_directory("d/build");
    for (const char* name : {"a", "a.tmp", "keep.tmp", "build/x", "d/build/y", "d/b.tmp"})
        bench.write(name, name);
    const catalog::Snapshot first = bench.take();
    CHECK(bench.names(first, "") == Names{"a", "d", "keep.tmp"});
    CHECK(bench.names(first, "d") == Names{"build"});
    CHECK(bench.names(first, "d/build") == Names{"y"});

    Bench::let_time_pass();
    bench.take();
    catalog::Source source = bench.source();
    source.directory.excludes = {"keep.tmp", "y"};
    const catalog::Snapshot other =
        take_directory_snapshot(bench.catalog(), bench.cache(), source, {}, bench.clock(), {});
    CHECK(bench.names(other, "") == Names{"a", "a.tmp", "build", "d"});
    CHECK(bench.names(other, "d/build").empty());
}

TEST_CASE("a cache keeps its tag alone, unless caches are wanted") {
    Bench bench, all({"", false, false, false, {}});
    for (Bench* one : {&bench, &all}) {
        for (const char* name : {"real", "fake"}) {
            one->make_directory(name);
            one->write(std::string(name) + "/content", "x");
        }
        one->write("real/CACHEDIR.TAG", cache_tag);
        one->write("fake/CACHEDIR.TAG", "Signature: something else");
        one->write("CACHEDIR.TAG", cache_tag);  // of the source itself: it was asked for
    }
    const catalog::Snapshot snapshot = bench.take();
    CHECK(bench.names(snapshot, "") == Names{"CACHEDIR.TAG", "fake", "real"});
    CHECK(bench.names(snapshot, "real") == Names{"CACHEDIR.TAG"});
    CHECK(bench.names(snapshot, "fake") == Names{"CACHEDIR.TAG", "content"});
    CHECK(all.names(all.take(), "real") == Names{"CACHEDIR.TAG", "content"});
}

TEST_CASE("what is marked as not to be dumped is left out, unless it is wanted") {
    Bench bench, all({"", false, true, false, {}});
    for (Bench* one : {&bench, &all}) {
        one->write("f", "x");
        one->make_directory("d");
        one->write("d/g", "x");
        one->write("kept", "x");
    }
    if (!set_nodump(bench.at("f")) || !set_nodump(bench.at("d")))
        return;  // not on this file system
    REQUIRE((set_nodump(all.at("f")) && set_nodump(all.at("d"))));
    CHECK(bench.names(bench.take(), "") == Names{"kept"});
    CHECK(all.names(all.take(), "") == Names{"d", "f", "kept"});
}

TEST_CASE("other file systems are entered or stay as empty directories") {
    Bench bench, one({"", true, true, true, {}});
    for (Bench* b : {&bench, &one}) {
        b->make_directory("mnt");
        b->write("mnt/hidden", "below the mount");
        const Mount mount(b->at("mnt"));
        if (!mount) return;  // not permitted here
        b->write("mnt/f", "on the mount");
        const catalog::Snapshot snapshot = b->take();
        CHECK(b->names(snapshot, "") == Names{"mnt"});
        CHECK(b->names(snapshot, "mnt") == (b == &bench ? Names{"f"} : Names{}));
        CHECK(b->entry(snapshot, "mnt").attributes.file_system == 1);
        CHECK(snapshot.outcome == catalog::Outcome::complete);
    }
}

TEST_CASE("paths to avoid stay as empty directories, by whatever way they are met") {
    Bench bench;
    bench.make_directory("repository/db");
    bench.write("repository/db/x", "x");
    REQUIRE(::symlink("repository", bench.at("way").c_str()) == 0);
    SnapshotOptions options;
    options.avoid = {bench.at("way"), "/not/there"};
    const catalog::Snapshot snapshot = bench.take(options);
    CHECK(bench.names(snapshot, "") == Names{"repository", "way"});
    CHECK(bench.names(snapshot, "repository").empty());
    options.avoid = {bench.root()};
    CHECK(yore::test::code_thrown_by([&] { bench.take(options); }) == Errc::invalid);
}

TEST_CASE("mounts of this program are found by their type") {
    const std::string text =
        "22 1 254:0 / / rw,relatime - ext4 /dev/vda rw\n"
        "90 22 0:50 / /mnt/a\\040b\\134c rw,nosuid shared:7 master:1 - fuse.yore yore "
        "ro,user_id=0\n"
        "91 22 0:51 / /mnt/other rw - fuse.sshfs x rw\n"
        "92 22 0:52 / /mnt/fuse.yore rw - ext4 fuse.yore rw\n"
        "broken line\n"
        "93 22 0:53 / /mnt/d ro - fuse.yore";
    CHECK(own_mounts(text) == Names{"/mnt/a b\\c", "/mnt/d"});
}

TEST_CASE("what cannot be read is listed and left out, the rest is kept") {
    Bench bench;
    bench.write("open", "x");
    bench.write("secret", "x");
    bench.make_directory("closed");
    bench.write("closed/f", "x");
    REQUIRE(::chmod(bench.at("secret").c_str(), 0600) == 0);
    REQUIRE(::chmod(bench.at("closed").c_str(), 0700) == 0);
    REQUIRE(::chmod(std::filesystem::path(bench.root()).parent_path().c_str(), 0755) == 0);
    std::vector<catalog::Problem> told;
    SnapshotOptions options;
    options.problem = [&](const catalog::Problem& problem) { told.push_back(problem); };
    // For file access this thread is somebody else, without the power to read everything.
    ::setfsuid(12'345);
    std::optional<catalog::Snapshot> snapshot;
    try {
        snapshot = bench.take(options);
    } catch (...) {
        ::setfsuid(0);
        throw;
    }
    ::setfsuid(0);
    CHECK(snapshot->outcome == catalog::Outcome::partial);
    CHECK(bench.names(*snapshot, "") == Names{"open"});
    REQUIRE(snapshot->problems.size() == 2);
    CHECK(snapshot->counts.problems == 2);
    CHECK(snapshot->problems[0].path == "closed");
    CHECK(snapshot->problems[0].text == "open: permission denied");
    CHECK(snapshot->problems[1].path == "secret");
    CHECK(told.size() == 2);
    CHECK(bench.catalog().latest(bench.source().id)->problems.size() == 2);
    const catalog::Snapshot next = bench.take();
    CHECK(next.outcome == catalog::Outcome::complete);
    CHECK(bench.names(next, "") == Names{"closed", "open", "secret"});
}

TEST_CASE("a source that is gone, or is no directory, gives an error and no snapshot") {
    Bench bench;
    catalog::Source source = bench.source();
    for (const std::string& path : {bench.at("missing"), bench.at("file")}) {
        bench.write("file", "x");
        source.directory.path = path;
        CHECK(yore::test::code_thrown_by([&] {
                  take_directory_snapshot(bench.catalog(), bench.cache(), source, {}, bench.clock(),
                                          {});
              }) == Errc::not_found);
    }
    CHECK(bench.catalog().snapshot_names(source.id).empty());
}
