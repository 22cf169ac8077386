// SPDX-License-Identifier: Apache-2.0
/// Running snapshots: streams, progress, stopping, two at once.
#include <yore/base/error.h>

#include <atomic>
#include <chrono>
#include <thread>

#include <catch2/catch.hpp>

#include "ingest_fixture.h"

using namespace yore;
using namespace yore::ingest;
using ingest::test::Bench;

namespace {

catalog::Source add_stream(Bench& bench) {
    return bench.catalog().add_source(
        {0, "dump", catalog::SourceKind::stream, bench.clock().now(), {}});
}

/// Gives `text` in portions of odd sizes.
StreamReader reader_of(const std::string& text, std::size_t portion) {
    return [&text, portion, at = std::size_t{0}](MutableBytes into) mutable {
        const std::size_t size = std::min({portion, into.size(), text.size() - at});
        std::memcpy(into.data(), text.data() + at, size);
        at += size;
        return size;
    };
}

}  // namespace

TEST_CASE("a stream is stored as one file, and stored again only where it differs") {
    Bench bench;
    const catalog::Source source = add_stream(bench);
    SeededRandom random(5);
    std::string text = ingest::test::random_text(random, 5'000'001);
    const auto take = [&] {
        return take_stream_snapshot(bench.catalog(), bench.cache(), source, "all.sql",
                                    reader_of(text, 77'777), {}, bench.clock(), {});
    };
    const catalog::Snapshot first = take();
    CHECK(bench.names(first, "") == std::vector<std::string>{"all.sql"});
    CHECK(bench.content(first, "all.sql") == text);
    CHECK(first.counts.bytes_read == text.size());
    CHECK(first.counts.files == 1);
    text.insert(2'000'000, "another row");
    const catalog::Snapshot second = take();
    CHECK(bench.content(second, "all.sql") == text);
    CHECK(second.counts.bytes_new < 1'200'000);
    text.clear();
    CHECK(bench.content(take(), "all.sql").empty());
}

TEST_CASE("a stream that fails leaves no snapshot; a name that is none is refused") {
    Bench bench;
    const catalog::Source source = add_stream(bench);
    const auto take = [&](const std::string& name, const StreamReader& read) {
        return yore::test::code_thrown_by([&] {
            take_stream_snapshot(bench.catalog(), bench.cache(), source, name, read, {},
                                 bench.clock(), {});
        });
    };
    const StreamReader fails = [](MutableBytes) -> std::size_t {
        throw Error(Errc::io, "the stream broke");
    };
    CHECK(take("f", fails) == Errc::io);
    for (const std::string& name : {std::string(), std::string("."), std::string(".."),
                                    std::string("a/b"), std::string(256, 'x')})
        CHECK(take(name, reader_of("x", 1)) == Errc::invalid);
    CHECK(bench.catalog().snapshot_names(source.id).empty());
    CHECK(yore::test::code_thrown_by([&] {
              take_stream_snapshot(bench.catalog(), bench.cache(), bench.source(), "f",
                                   reader_of("x", 1), {}, bench.clock(), {});
          }) == Errc::invalid);
}

TEST_CASE("a stopped snapshot ends soon, leaves no record, and its chunks are used again") {
    Bench bench;
    SeededRandom random(9);
    std::string text = ingest::test::random_text(random, 64 << 20);
    for (int i = 0; i < 4; ++i) bench.write(fmt::format("f{}", i), text);
    std::stop_source stop;
    std::chrono::steady_clock::time_point asked;
    SnapshotOptions options;
    std::atomic<bool> once{false};
    options.progress = [&](const Progress& progress) {
        if (progress.bytes_new == 0 || once.exchange(true)) return;
        asked = std::chrono::steady_clock::now();
        stop.request_stop();
    };
    // However fast it is: in the middle of the first file it waits for that.
    options.pause_point = [&, calls = 0]() mutable {
        if (++calls < 20) return;
        for (int i = 0; i < 1000 && !stop.stop_requested(); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
    };
    const auto code = yore::test::code_thrown_by([&] { bench.take(options, stop.get_token()); });
    const auto ended = std::chrono::steady_clock::now();
    REQUIRE(code == Errc::cancelled);
    CHECK(ended - asked < std::chrono::seconds(2));  // 0.1 s on a machine that is not busy
    CHECK(bench.catalog().snapshot_names(bench.source().id).empty());
    const std::uint64_t stored = bench.stored().chunks;
    CHECK(stored > 0);
    const catalog::Snapshot snapshot = bench.take();
    CHECK(snapshot.counts.bytes_new < text.size());
    CHECK(bench.content(snapshot, "f3") == text);
}

TEST_CASE("progress comes to the counts of the snapshot") {
    Bench bench;
    bench.make_directory("d");
    bench.write("a", std::string(100'000, 'a'));
    bench.write("d/b", "b");
    Progress last;
    SnapshotOptions options;
    options.progress = [&](const Progress& progress) { last = progress; };
    options.tags = {{"k", "v"}};
    const catalog::Snapshot first = bench.take(options);
    CHECK(last.files_done == 2);
    CHECK(last.directories_done == 2);
    CHECK(last.bytes_done == 100'001);
    CHECK(last.bytes_new == first.counts.bytes_new);
    CHECK_FALSE(last.bytes_expected);
    CHECK(bench.catalog().latest(bench.source().id)->tags == options.tags);
    bench.take(options);
    CHECK(last.bytes_expected == 100'001);
}

TEST_CASE("two snapshots of one source at once both exist") {
    Bench bench;
    SeededRandom random(2);
    for (int i = 0; i < 500; ++i)
        bench.write(fmt::format("{}", i), ingest::test::random_text(random, random.below(60'000)));
    yore::test::in_threads(2, [&](unsigned) {
        const catalog::Snapshot snapshot = bench.take();
        return snapshot.outcome == catalog::Outcome::complete && snapshot.counts.files == 500;
    });
    const auto all = bench.catalog().snapshots(bench.source().id);
    REQUIRE(all.size() == 2);
    CHECK(bench.describe(all[0]) == bench.describe(all[1]));
}
