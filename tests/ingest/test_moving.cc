// SPDX-License-Identifier: Apache-2.0
/// Sources that change under the snapshot: nothing torn is kept without a word.
#include <yore/base/error.h>
#include <yore/base/fd.h>

#include <atomic>
#include <set>
#include <thread>

#include <catch2/catch.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ingest_fixture.h"
#include "on_read.h"

using namespace yore;
using namespace yore::ingest;
using ingest::test::Bench;
using ingest::test::OnRead;

namespace {

/// Does something again and again until the object goes.
class Meanwhile {
  public:
    template <typename Body>
    explicit Meanwhile(Body body)
        : thread_([this, body = std::move(body)](const std::stop_token& stop) mutable {
              while (!stop.stop_requested()) {
                  body();
                  ++rounds_;
              }
          }) {
        while (rounds_ == 0) std::this_thread::yield();
    }

  private:
    std::atomic<std::uint64_t> rounds_{0};
    std::jthread thread_;
};

std::set<std::string> problem_paths(const catalog::Snapshot& snapshot) {
    std::set<std::string> paths;
    for (const catalog::Problem& problem : snapshot.problems) paths.insert(problem.path);
    return paths;
}

}  // namespace

TEST_CASE("a file that changes at each read is kept with a problem, and read again when it rests") {
    for (const std::size_t size : {std::size_t{10'000}, std::size_t{8} << 20}) {
        Bench bench;
        bench.write("busy", std::string(size, 'a'));
        bench.write("still", "still");
        Bench::let_time_pass();
        const Fd fd(::open(bench.at("busy").c_str(), O_WRONLY | O_CLOEXEC));
        off_t at = 0;
        catalog::Snapshot snapshot;
        {
            const OnRead writes(bench.at("busy"), [&] {
                if (::pwrite(fd.get(), "b", 1, at++) != 1) std::abort();
            });
            if (!writes) return;  // not permitted here
            snapshot = bench.take();
        }
        CHECK(at >= 3);
        CHECK(snapshot.outcome == catalog::Outcome::partial);
        REQUIRE(snapshot.problems.size() == 1);
        CHECK(snapshot.problems[0].path == "busy");
        CHECK(snapshot.problems[0].text == "changed while it was read");
        const std::string kept = bench.content(snapshot, "busy");
        CHECK(kept.size() == size);
        CHECK(kept.find_first_not_of("ab") == std::string::npos);
        CHECK(bench.content(snapshot, "still") == "still");
        const catalog::Snapshot next = bench.take();
        CHECK(next.outcome == catalog::Outcome::complete);
        CHECK(bench.content(next, "busy") == ingest::test::file_text(bench.at("busy")));
    }
}

TEST_CASE("a file that changes during its first reading is read again and kept whole") {
    Bench bench;
    bench.write("f", std::string(3 << 20, 'a'));
    Bench::let_time_pass();
    bool changed = false;
    catalog::Snapshot snapshot;
    {
        const OnRead writes(bench.at("f"), [&] {
            if (std::exchange(changed, true)) return;
            const Fd fd(::open(bench.at("f").c_str(), O_WRONLY | O_TRUNC | O_CLOEXEC));
            if (::pwrite(fd.get(), "new", 3, 0) != 3) std::abort();
        });
        if (!writes) return;
        snapshot = bench.take();
    }
    CHECK(changed);
    CHECK(snapshot.outcome == catalog::Outcome::complete);
    CHECK(bench.content(snapshot, "f") == "new");
}

TEST_CASE("a file that is removed while it is read is told of and left out") {
    Bench bench;
    bench.write("f", std::string(3 << 20, 'a'));
    bench.write("g", "g");
    catalog::Snapshot snapshot;
    {
        const OnRead removes(bench.at("f"), [&] { ::unlink(bench.at("f").c_str()); });
        if (!removes) return;
        snapshot = bench.take();
    }
    CHECK(bench.names(snapshot, "") == std::vector<std::string>{"g"});
    REQUIRE(snapshot.problems.size() == 1);
    CHECK(snapshot.problems[0].path == "f");
    CHECK(snapshot.problems[0].text == "vanished before it was read");
}

TEST_CASE("a file that shrinks at each read has the size that was read") {
    Bench bench;
    bench.write("f", std::string(4 << 20, 'a'));
    off_t size = 4 << 20;
    catalog::Snapshot snapshot;
    {
        const OnRead shrinks(bench.at("f"), [&] {
            if (::truncate(bench.at("f").c_str(), size -= 100) != 0) std::abort();
        });
        if (!shrinks) return;
        snapshot = bench.take();
    }
    CHECK(snapshot.outcome == catalog::Outcome::partial);
    const tree::Entry entry = bench.entry(snapshot, "f");
    CHECK(entry.attributes.size == entry.content.size);
    CHECK(entry.content.size < 4 << 20);
    CHECK(bench.text(entry.content) == std::string(entry.content.size, 'a'));
}

TEST_CASE("files that grow and shrink have the size that was read") {
    CAPTURE(yore::test::test_seed());
    SeededRandom random(yore::test::test_seed());
    Bench bench;
    const std::vector<std::string> names = {"large", "small", "sparse"};
    for (const std::string& name : names) bench.write(name, "");
    for (int round = 0; round < 8; ++round) {
        catalog::Snapshot snapshot;
        {
            const Meanwhile resizes([&] {
                const std::string& name = names[random.below(names.size())];
                const Fd fd(::open(bench.at(name).c_str(), O_WRONLY | O_CLOEXEC));
                const auto size =
                    static_cast<off_t>(random.below(name == "small" ? 30'000 : 6 << 20));
                if (::ftruncate(fd.get(), size) != 0) std::abort();
                if (name != "sparse")
                    for (off_t at = 0; at < size; at += 4096)
                        if (::pwrite(fd.get(), "x", 1, at) != 1) std::abort();
            });
            snapshot = bench.take();
        }
        for (const std::string& name : names) {
            const tree::Entry entry = bench.entry(snapshot, name);
            REQUIRE(entry.attributes.size == entry.content.size);
            REQUIRE(bench.text(entry.content).size() == entry.content.size);
        }
        REQUIRE((snapshot.outcome == catalog::Outcome::partial) == !snapshot.problems.empty());
    }
}

TEST_CASE("a file replaced by a rename is one of its versions, whole") {
    Bench bench;
    const auto version = [](unsigned i) {
        return std::string(1000 + 40'000 * (i % 4), static_cast<char>('a' + i % 4));
    };
    bench.write("f", version(0));
    for (int round = 0; round < 20; ++round) {
        unsigned next = 0;
        catalog::Snapshot snapshot;
        {
            const Meanwhile replaces([&] {
                bench.write("new", version(++next));
                if (::rename(bench.at("new").c_str(), bench.at("f").c_str()) != 0) std::abort();
            });
            snapshot = bench.take();
        }
        if (!bench.find(snapshot, "f")) {
            REQUIRE(problem_paths(snapshot).contains("f"));
            continue;
        }
        const std::string kept = bench.content(snapshot, "f");
        REQUIRE(!kept.empty());
        REQUIRE(kept == version(static_cast<unsigned>(kept[0] - 'a')));
    }
}

TEST_CASE("files that vanish are whole or told of") {
    Bench bench;
    for (int round = 0; round < 5; ++round) {
        for (int i = 0; i < 150; ++i) bench.write(fmt::format("f{:03}", i), std::string(500, 'x'));
        int next = 150;
        catalog::Snapshot snapshot;
        {
            const Meanwhile removes([&] {
                if (next > 0) ::unlink(bench.at(fmt::format("f{:03}", --next)).c_str());
            });
            snapshot = bench.take();
        }
        const auto problems = problem_paths(snapshot);
        for (const std::string& name : bench.names(snapshot, "")) {
            REQUIRE(bench.content(snapshot, name) == std::string(500, 'x'));
            REQUIRE_FALSE(problems.contains(name));
        }
    }
}

TEST_CASE("a directory that turns into a link does not lead outside") {
    Bench bench;
    bench.make_directory("outside");
    bench.write("outside/stolen", "x");
    bench.make_directory("source/d");
    bench.write("source/d/own", "x");
    catalog::Source source = bench.source();
    source.directory.path = bench.at("source");
    for (int round = 0; round < 30; ++round) {
        catalog::Snapshot snapshot;
        {
            const Meanwhile swaps([&] {
                std::error_code ignored;
                std::filesystem::rename(bench.at("source/d"), bench.at("kept"), ignored);
                std::filesystem::create_directory_symlink("../outside", bench.at("source/d"),
                                                          ignored);
                std::filesystem::remove(bench.at("source/d"), ignored);
                std::filesystem::rename(bench.at("kept"), bench.at("source/d"), ignored);
            });
            snapshot = take_directory_snapshot(bench.catalog(), bench.cache(), source, {},
                                               bench.clock(), {});
        }
        const auto entry = bench.find(snapshot, "d");
        if (entry && entry->child()) REQUIRE_FALSE(bench.find(snapshot, "d/stolen"));
    }
}

TEST_CASE("a deep tree moved away under the walk leaves the rest of the source intact") {
    Bench bench;
    std::string path = "a";
    bench.make_directory(path);
    for (int i = 0; i < 90; ++i) {
        path += "/d";
        bench.make_directory(path);
    }
    for (int i = 0; i < 1000; ++i) bench.write(path + fmt::format("/{}", i), "x");
    bench.write("z", "behind it");
    catalog::Snapshot snapshot;
    {
        bool there = false;
        const Meanwhile moves([&] {
            // Up and down again: `..` of what is open leads elsewhere.
            std::error_code ignored;
            if (there)
                std::filesystem::rename(bench.at("moved"), bench.at("a/d/d/d"), ignored);
            else
                std::filesystem::rename(bench.at("a/d/d/d"), bench.at("moved"), ignored);
            there = !there;
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
        });
        snapshot = bench.take();
    }
    CHECK(bench.content(snapshot, "z") == "behind it");
    CHECK(bench.find(snapshot, "a/d/d"));
}
