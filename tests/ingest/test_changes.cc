// SPDX-License-Identifier: Apache-2.0
/// The second snapshot: what is taken over, what is noticed, what is written.
#include <yore/base/error.h>
#include <yore/base/fd.h>
#include <yore/chunker/chunker.h>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest_fixture.h"

using namespace yore;
using ingest::test::Bench;
using ingest::test::Damage;

namespace {

/// The modification time that `path` had; put on again with the destructor.
class KeepModificationTime {
  public:
    explicit KeepModificationTime(std::string path) : path_(std::move(path)) {
        REQUIRE(::lstat(path_.c_str(), &before_) == 0);
    }
    ~KeepModificationTime() {
        const timespec times[2] = {{0, UTIME_OMIT}, before_.st_mtim};
        ::utimensat(AT_FDCWD, path_.c_str(), times, AT_SYMLINK_NOFOLLOW);
    }

  private:
    std::string path_;
    struct stat before_;
};

/// Writes a file of database pages and can change some of them.
class PageFile {
  public:
    static constexpr std::size_t page_bytes = 8192;
    PageFile(Bench& bench, std::string path, std::size_t pages, SeededRandom& random)
        : bench_(bench), path_(std::move(path)), random_(random) {
        // Text that compresses, so that a delta is told apart from a whole chunk by its size too.
        while (bytes_.size() < pages * page_bytes)
            bytes_ += fmt::format("row {} | ", random_.next());
        bytes_.resize(pages * page_bytes);
        bench_.write(path_, bytes_);
    }
    void change_pages(std::size_t count) {
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t page = random_.below(bytes_.size() / page_bytes);
            bytes_.replace(page * page_bytes + 100, 8,
                           fmt::format("{:08}", random_.below(100'000'000)));
        }
        bench_.write(path_, bytes_);
    }
    const std::string& bytes() const { return bytes_; }

  private:
    Bench& bench_;
    std::string path_, bytes_;
    SeededRandom& random_;
};

}  // namespace

TEST_CASE("one change rewrites the nodes on its path alone") {
    Bench bench;
    for (const char* directory : {"a/b/c", "x/y/z"}) {
        bench.make_directory(directory);
        for (int i = 0; i < 20; ++i) bench.write(fmt::format("{}/{}", directory, i), "content");
    }
    Bench::let_time_pass();
    const catalog::Snapshot first = bench.take();
    const Bench::Stored before = bench.stored();
    bench.write("a/b/c/7", "changed");
    const catalog::Snapshot second = bench.take();
    const Bench::Stored after = bench.stored();
    CHECK(bench.content(second, "a/b/c/7") == "changed");
    CHECK(bench.content(first, "a/b/c/7") == "content");
    CHECK(after.nodes - before.nodes == 5);  // a/b/c, a/b, a, the source, and above it
    CHECK(after.chunks - before.chunks == 1);
    CHECK(bench.entry(first, "x").child == bench.entry(second, "x").child);
    CHECK(second.counts.files_unchanged == 39);
    CHECK(second.counts.bytes_read == 7);
}

TEST_CASE("a file with the same size and time of modification, but other bytes, is noticed") {
    Bench bench;
    bench.write("replaced", "one");
    bench.write("rewritten", "one");
    Bench::let_time_pass();
    bench.take();
    {
        const KeepModificationTime keep_a(bench.at("replaced")), keep_b(bench.at("rewritten"));
        bench.write("new", "two");
        REQUIRE(::rename(bench.at("new").c_str(), bench.at("replaced").c_str()) == 0);
        bench.write("rewritten", "two");
    }
    const catalog::Snapshot second = bench.take();
    CHECK(bench.content(second, "replaced") == "two");
    CHECK(bench.content(second, "rewritten") == "two");
}

TEST_CASE("a file changed in the tick in which it was read is read again") {
    // As if the change had come after the reading: the status is the same, the bytes are not.
    Bench bench;
    bench.write("racy", "one");
    bench.take();
    bench.write("racy", "two");
    const catalog::Snapshot second = bench.take();
    CHECK(second.counts.files_unchanged == 0);
    CHECK(bench.content(second, "racy") == "two");
}

TEST_CASE("changed attributes are kept without storing the bytes again") {
    Bench bench;
    bench.write("small", "content");
    bench.write("large", std::string(200'000, 'x'));
    bench.make_directory("d");
    bench.write("d/f", "y");
    Bench::let_time_pass();
    const catalog::Snapshot first = bench.take();
    const Bench::Stored before = bench.stored();
    for (const char* name : {"small", "large", "d"})
        REQUIRE(::chmod(bench.at(name).c_str(), 0701) == 0);
    const catalog::Snapshot second = bench.take();
    CHECK(bench.stored().chunks == before.chunks);
    for (const char* name : {"small", "large", "d"})
        CHECK(bench.entry(second, name).attributes.permissions == 0701);
    CHECK(bench.entry(second, "small").content.extents ==
          bench.entry(first, "small").content.extents);
    CHECK(bench.entry(second, "d").child == bench.entry(first, "d").child);
    CHECK(bench.entry(second, "d").totals.files == 1);
}

TEST_CASE("small files share chunks, and edits store the edited ones alone") {
    Bench bench;
    SeededRandom random(yore::test::test_seed());
    std::map<std::string, std::string> files;
    for (int i = 0; i < 800; ++i) {
        const std::string name = fmt::format("{:04}", i);
        files[name] = ingest::test::random_text(random, 1 + random.below(5000));
        bench.write(name, files[name]);
    }
    const catalog::Snapshot first = bench.take();
    const Bench::Stored before = bench.stored();
    CHECK(before.chunks < 40);
    // All of them look new: other inodes, other times.
    for (auto& [name, text] : files) {
        if (random.below(100) == 0) text += "edited";
        REQUIRE(::unlink(bench.at(name).c_str()) == 0);
        bench.write(name, text);
    }
    const catalog::Snapshot second = bench.take();
    CHECK(second.counts.files_unchanged == 0);
    CHECK(bench.stored().chunks - before.chunks == 1);
    CHECK(second.counts.bytes_new < 100'000);
    for (const auto& [name, text] : files) REQUIRE(bench.content(second, name) == text);
}

TEST_CASE("a changed page is stored as a delta, a page changed again as a delta of the same base") {
    CAPTURE(yore::test::test_seed());
    SeededRandom random(yore::test::test_seed());
    Bench bench;
    bench.make_directory("base/16384");
    PageFile pages(bench, "base/16384/2619", 512, random);
    const catalog::Snapshot first = bench.take();
    const std::string first_bytes = pages.bytes();
    CHECK(bench.stored().chunks == 512 * 8192 / chunker::fixed_block_bytes);
    CHECK(bench.stored().deltas == 0);
    std::string second_bytes;
    catalog::Snapshot second;
    for (int round = 1; round <= 3; ++round) {
        pages.change_pages(40);
        const Bench::Stored before = bench.stored();
        const catalog::Snapshot next = bench.take();
        const Bench::Stored after = bench.stored();
        CHECK(after.chunks > before.chunks);
        CHECK(after.deltas - before.deltas == after.chunks - before.chunks);
        CHECK(next.counts.bytes_stored * 20 < next.counts.bytes_new);
        bench.forget_decoded();
        CHECK(bench.content(next, "base/16384/2619") == pages.bytes());
    }
    CHECK(bench.content(first, "base/16384/2619") == first_bytes);
}

TEST_CASE("a small file of pages has chunks of its own and deltas too") {
    SeededRandom random(3);
    Bench bench;
    bench.make_directory("base/5");
    PageFile pages(bench, "base/5/1259", 3, random);
    bench.take();
    pages.change_pages(1);
    const catalog::Snapshot second = bench.take();
    CHECK(bench.stored().deltas == 1);
    CHECK(bench.content(second, "base/5/1259") == pages.bytes());
}

TEST_CASE("an insertion into a large file stores the chunks around it") {
    SeededRandom random(11);
    Bench bench;
    std::string text = ingest::test::random_text(random, 8 << 20);
    bench.write("large", text);
    bench.take();
    text.insert(3'000'000, "inserted");
    bench.write("large", text);
    const catalog::Snapshot second = bench.take();
    CHECK(second.counts.bytes_new < 1 << 20);
    CHECK(bench.content(second, "large") == text);
}

TEST_CASE("names that come and go, and kinds that change, are followed") {
    Bench bench;
    for (const char* name : {"b", "d", "f"}) bench.write(name, name);
    bench.make_directory("c");
    bench.write("c/inner", "inner");
    Bench::let_time_pass();
    bench.take();
    std::filesystem::remove(bench.at("b"));
    std::filesystem::remove(bench.at("f"));
    std::filesystem::remove(bench.at("d"));
    std::filesystem::remove_all(bench.at("c"));
    bench.write("a", "a");
    bench.write("c", "now a file");
    bench.make_directory("d");
    bench.write("d/x", "x");
    REQUIRE(::symlink("a", bench.at("z").c_str()) == 0);
    Bench::let_time_pass();
    const catalog::Snapshot second = bench.take();
    CHECK(bench.names(second, "") == std::vector<std::string>{"a", "c", "d", "z"});
    CHECK(bench.names(second, "d") == std::vector<std::string>{"x"});
    CHECK(bench.content(second, "c") == "now a file");
    std::filesystem::remove_all(bench.at("d"));
    std::filesystem::remove(bench.at("a"));
    std::filesystem::remove(bench.at("c"));
    std::filesystem::remove(bench.at("z"));
    const catalog::Snapshot third = bench.take();
    CHECK(bench.names(third, "").empty());
    CHECK(third.counts.files == 0);
}

TEST_CASE("a damaged predecessor costs time, never the backup") {
    Bench bench;
    for (int i = 0; i < 10; ++i) {
        bench.make_directory(fmt::format("d{}", i));
        bench.write(fmt::format("d{}/f", i), fmt::format("content {}", i));
    }
    bench.make_directory("wide");  // has several nodes
    for (int i = 0; i < 1000; ++i) bench.write(fmt::format("wide/{}", i), "");
    Bench::let_time_pass();
    const catalog::Snapshot first = bench.take();
    const std::string expected = bench.describe(first);
    for (int good = 0; good < 17; ++good) {
        CAPTURE(good);
        bench.forget_decoded();
        bench.damage().good_node_reads = good;
        const catalog::Snapshot next = bench.take();
        bench.damage().good_node_reads = Damage::never;
        bench.forget_decoded();
        REQUIRE(next.outcome == catalog::Outcome::complete);
        REQUIRE(next.counts.files == 1010);
        REQUIRE(next.counts.files_unchanged < 1010);
        REQUIRE(bench.describe(next) == expected);
        Bench::let_time_pass();
    }
}

TEST_CASE("after any changes, a snapshot beside its predecessor is one taken from nothing") {
    CAPTURE(yore::test::test_seed());
    SeededRandom random(yore::test::test_seed());
    Bench bench;
    const auto any_directory = [&] {
        std::vector<std::string> all = {""};
        for (const auto& entry : std::filesystem::recursive_directory_iterator(bench.root()))
            if (entry.is_directory() && !entry.is_symlink())
                all.push_back(std::filesystem::relative(entry.path(), bench.root()).string() + "/");
        return all[random.below(all.size())];
    };
    for (int round = 0; round < 25; ++round) {
        for (std::uint64_t i = 0, count = random.below(12); i < count; ++i) {
            const std::string name = any_directory() + fmt::format("n{}", random.below(12));
            const std::string full = bench.at(name);
            std::error_code ignored;
            switch (random.below(7)) {
                case 0:
                    std::filesystem::remove_all(full, ignored);
                    break;
                case 1:
                    std::filesystem::create_directory(full, ignored);
                    break;
                case 2:
                    std::filesystem::rename(full, bench.at(any_directory() + "moved"), ignored);
                    break;
                case 3:
                    ::link(full.c_str(), (full + "-link").c_str());
                    break;
                case 4:
                    ::chmod(full.c_str(), 0700 + static_cast<mode_t>(random.below(8)));
                    break;
                case 5:
                    ::symlink("target", full.c_str());
                    break;
                default:
                    if (!std::filesystem::is_directory(full, ignored) &&
                        !std::filesystem::is_symlink(full, ignored))
                        bench.write(
                            name, ingest::test::random_text(
                                      random, random.below(random.below(5) == 0 ? 200'000 : 3000)));
            }
        }
        if (random.below(3) == 0) Bench::let_time_pass();
        const catalog::Snapshot snapshot = bench.take();
        Bench fresh(bench);
        const catalog::Snapshot expected = fresh.take();
        REQUIRE(bench.describe(snapshot) == fresh.describe(expected));
        REQUIRE(snapshot.counts.files == expected.counts.files);
        REQUIRE(snapshot.counts.directories == expected.counts.directories);
        REQUIRE(snapshot.counts.bytes == expected.counts.bytes);
    }
}
