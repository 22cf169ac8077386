// SPDX-License-Identifier: Apache-2.0
#include <yore/catalog/log.h>
#include <yore/ingest/follow.h>
#include <yore/tree/edit.h>
#include <yore/tree/uncertain.h>
#include <yore/view/log_replay.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <functional>
#include <thread>
#include <utility>

#include <sys/stat.h>
#include <unistd.h>

#include "ingest/follower.h"
#include "ingest_fixture.h"

using namespace yore;
using namespace yore::ingest;
using namespace yore::ingest::test;

namespace {

namespace fs = std::filesystem;

/// A directory that is followed by a thread.
class Following {
  public:
    explicit Following(Bench& bench, FollowOptions options = {})
        : Following(bench, std::move(options), bench.clock()) {}
    Following(Bench& bench, FollowOptions options, const Clock& clock)
        : bench_(bench), options_(std::move(options)) {
        options_.limits.quiet = {20'000'000};
        options_.limits.delay_max = {100'000'000};
        options_.limits.segment_records = 8;
        options_.progress = [this](const Followed& followed) {
            const std::scoped_lock lock(mutex_);
            last_ = followed;
            changed_.notify_all();
        };
        thread_ = std::jthread([this, &clock](const std::stop_token& stop) {
            try {
                follow_directory(bench_.catalog(), bench_.source(), options_, clock, stop);
            } catch (const Error& error) {
                const std::scoped_lock lock(mutex_);
                failure_ = error.what();
                changed_.notify_all();
            }
        });
        wait_for(1);
    }
    /// Until there are so many moments.
    void wait_for(std::uint64_t moments) {
        std::unique_lock lock(mutex_);
        const bool came = changed_.wait_for(lock, std::chrono::seconds(60), [&] {
            return last_.moments >= moments || !failure_.empty();
        });
        INFO(failure_);
        REQUIRE((came && failure_.empty()));
    }
    Timestamp known_until() {
        const std::scoped_lock lock(mutex_);
        REQUIRE(failure_.empty());
        return last_.known_until;
    }
    void stop() {
        thread_.request_stop();
        thread_.join();
        REQUIRE(failure_.empty());
    }

  private:
    Bench& bench_;
    FollowOptions options_;
    std::mutex mutex_;
    std::condition_variable changed_;
    Followed last_;
    std::string failure_;
    std::jthread thread_;
};

/// Goes as the system's clock does, and steps when it is told.
class SteppingClock final : public Clock {
  public:
    Timestamp now() const override { return system_.now() + Duration{offset_ns_}; }
    void step(Duration by) { offset_ns_ += by.ns; }

  private:
    SystemClock system_;
    std::atomic<std::int64_t> offset_ns_ = 0;
};

catalog::Snapshot as_snapshot(const Bench& bench, const NodeId& root) {
    catalog::Snapshot snapshot;
    snapshot.source = bench.source().id;
    snapshot.root = root;
    return snapshot;
}

/// All that a moment holds, as one text.
std::string at(Bench& bench, const timeline::Moment& moment) {
    store::ObjectCache cache(bench.store(), 16u << 20);
    const view::LogReplay replay(bench.catalog(), cache);
    const view::SourceRecords records(bench.catalog(), cache, bench.source().id);
    const auto opened = view::open_moment(records, moment, bench.clock().now(), &replay);
    REQUIRE(std::holds_alternative<view::Opened>(opened));
    const NodeId root = view::root_of(records, std::get<view::Opened>(opened));
    // What is read below is stored: the moment is copied into the store first.
    const auto writer = bench.store().write();
    const tree::NodeBounds bounds(bench.store().keys().gear);
    std::function<NodeId(const NodeId&)> copy = [&](const NodeId& top) {
        tree::DirectoryBuilder builder(*writer, bounds);
        tree::Directory(cache, top).scan("", [&](const tree::EntryView& view) {
            tree::Entry entry = view.copy();
            if (entry.child) entry.child = copy(*entry.child);
            builder.add(entry);
            return true;
        });
        return builder.finish().top;
    };
    const NodeId stored = copy(root);
    REQUIRE(stored == root);
    writer->commit({});
    return bench.describe(as_snapshot(bench, root));
}

/// What is there now, once it is what a moment holds too: however many moments it took.
std::string once_stored(Bench& bench, const std::function<timeline::Moment()>& moment) {
    const auto snapshot = bench.take();
    const std::string state = bench.describe(snapshot);
    // Or it would itself be the latest moment.
    bench.store().commit(std::vector{catalog::Catalog::remove(snapshot)});
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (at(bench, moment()) != state) {
        REQUIRE(std::chrono::steady_clock::now() < deadline);
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return state;
}

timeline::Moment latest() {
    return timeline::Latest{};
}

/// Both ways to learn of changes, as far as they are permitted here.
std::vector<FollowBy> all_ways() {
    if (::geteuid() != 0) return {FollowBy::inotify};
    return {FollowBy::fanotify, FollowBy::inotify};
}

/// Runs until it ends by itself, on account of what `change` does after the first look.
Error failure_of(Bench& bench, FollowBy by, const std::function<void()>& change) {
    FollowOptions options;
    options.by = by;
    options.limits.quiet = options.limits.delay_max = {10'000'000};
    options.limits.heartbeat = {200'000'000};
    bool is_changed = false;
    options.progress = [&](const Followed&) {
        if (!std::exchange(is_changed, true)) change();
    };
    try {
        follow_directory(bench.catalog(), bench.source(), options, bench.clock(), {});
    } catch (const Error& error) {
        return error;
    }
    return Error(Errc::invalid, "it ended");
}

/// Tells that events were lost, once, as a kernel does whose queue is full: drops what it had.
class LosingWatch final : public ChangeWatch {
  public:
    LosingWatch(std::unique_ptr<ChangeWatch> watch, const std::atomic<bool>& loses)
        : watch_(std::move(watch)), loses_(loses) {}
    Pending wait_until(Time until, const std::stop_token& stop) override {
        return watch_->wait_until(until, stop);
    }
    Changes take() override {
        Changes changes = watch_->take();
        if (!loses_ || has_lost_ || changes.directories.empty()) return changes;
        has_lost_ = true;
        return {.directories = {}, .moved = {}, .lost = true};
    }

  private:
    const std::unique_ptr<ChangeWatch> watch_;
    const std::atomic<bool>& loses_;
    bool has_lost_ = false;
};

std::vector<catalog::LogSpan> spans_of(Bench& bench) {
    std::vector<catalog::LogSpan> spans;
    catalog::Logs(bench.store())
        .scan_spans(bench.source().id, 1, {}, [&](const catalog::LogSpan& span) {
            spans.push_back(span);
            return true;
        });
    return spans;
}

}  // namespace

TEST_CASE("Every moment of a followed directory is what was there") {
    const FollowBy by = GENERATE(from_range(all_ways()));
    CAPTURE(static_cast<int>(by));
    Bench bench;
    bench.make_directory("d/e");
    bench.write("d/f", "one");
    bench.write("other", std::string(100'000, 'x'));
    Following following(bench, {.by = by});
    std::map<Timestamp, std::string> states;
    const auto change = [&](auto&& body) {
        body();
        Timestamp time;
        const std::string state =
            once_stored(bench, [&] { return timeline::Moment(time = following.known_until()); });
        states[time] = state;
    };
    change([&] { bench.write("d/f", "two"); });
    change([&] { bench.write("d/e/new", "three"); });
    change([&] { fs::create_hard_link(bench.at("d/f"), bench.at("linked")); });
    change([&] { bench.write("linked", "written through another name"); });
    change([&] { fs::rename(bench.at("d"), bench.at("moved")); });
    change([&] { bench.write("moved/e/new", "below a directory that was renamed"); });
    change([&] {
        bench.make_directory("made/at/once");
        bench.write("made/at/once/f", "below directories that nobody knew");
    });
    change([&] { bench.write("made/at/once/f", "and again"); });
    change([&] { fs::create_symlink("moved/f", bench.at("link")); });
    change([&] { ::mkfifo(bench.at("moved/fifo").c_str(), 0600); });
    change([&] { ::chmod(bench.at("moved/e").c_str(), 0711); });
    change([&] { fs::resize_file(bench.at("other"), 5); });
    change([&] { fs::remove_all(bench.at("moved")); });
    change([&] {
        for (int i = 0; i < 40; ++i) {
            fs::create_directories(bench.at(fmt::format("many/{}", i % 7)));
            bench.write(fmt::format("many/{}/{}", i % 7, i), "content");
        }
    });
    following.stop();
    for (const auto& [time, state] : states) {
        CAPTURE(to_rfc3339(time));
        CHECK(at(bench, time) == state);
    }
    const catalog::Logs logs(bench.store());
    CHECK(logs.runs(bench.source().id, 1).size() == 1);
    CHECK(spans_of(bench).empty());
}

TEST_CASE("Events that are lost make a span uncertain, and what they told of is found") {
    const FollowBy by = GENERATE(from_range(all_ways()));
    Bench bench;
    bench.write("f", "one");
    std::atomic<bool> loses = false;
    std::atomic<std::uint64_t> moments = 0;
    FollowOptions options;
    options.limits.quiet = options.limits.delay_max = {10'000'000};
    options.progress = [&](const Followed& followed) { moments = followed.moments; };
    Followed done;
    std::jthread thread([&](const std::stop_token& stop) {
        const auto watch = [&](int directory) {
            return std::make_unique<LosingWatch>(
                watch_changes(directory, bench.source().directory, {.by = by}), loses);
        };
        done = Follower(bench.catalog(), bench.source(), options, bench.clock(), watch, stop).run();
    });
    while (moments == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    loses = true;
    bench.write("f", "two, told by no event");
    once_stored(bench, latest);
    bench.write("g", "and on");
    once_stored(bench, latest);
    thread.request_stop();
    thread.join();
    CHECK(done.lost == 1);
    const auto spans = spans_of(bench);
    REQUIRE(spans.size() == 1);
    CHECK(spans[0].kind == catalog::LogSpan::Kind::uncertain);
    CHECK(spans[0].reason == "events of changes were lost");
    CHECK(spans[0].from_time < spans[0].to_time);
}

TEST_CASE("A look at everything finds what raised no event") {
    Bench bench;
    bench.write("f", "one");
    std::atomic<std::uint64_t> moments = 0;
    FollowOptions options;
    options.limits.rescan = {100'000'000};
    options.progress = [&](const Followed& followed) { moments = followed.moments; };
    /// As if no event ever came.
    class Silent final : public ChangeWatch {
        Pending wait_until(Time until, const std::stop_token&) override {
            std::this_thread::sleep_until(until);
            return {};
        }
        Changes take() override { return {}; }
    };
    std::jthread thread([&](const std::stop_token& stop) {
        const auto watch = [](int) { return std::make_unique<Silent>(); };
        Follower(bench.catalog(), bench.source(), options, bench.clock(), watch, stop).run();
    });
    while (moments == 0) std::this_thread::sleep_for(std::chrono::milliseconds(5));
    bench.write("f", "two");
    once_stored(bench, latest);
    thread.request_stop();
    thread.join();
    CHECK(spans_of(bench).empty());
}

TEST_CASE("A file that is never quiet is read now and then, and marked in between") {
    Bench bench;
    bench.write("log", "begin\n");
    const Duration interval{300'000'000};
    FollowOptions options;
    options.limits.busy_interval = interval;
    options.limits.busy_quiet = {100'000'000};
    Following following(bench, options);
    const Timestamp began = bench.clock().now();
    std::jthread writer([&](const std::stop_token& stop) {
        std::ofstream log(bench.at("log"), std::ios::app);
        while (!stop.stop_requested()) {
            log << "line" << std::endl;
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    });
    const auto shows = [&](std::string_view text) {
        return at(bench, latest()).find(text) != std::string::npos;
    };
    const auto wait_for = [&](std::string_view text) {
        for (int i = 0; i < 3000 && !shows(text); ++i)
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        REQUIRE(shows(text));
    };
    wait_for(tree::uncertain_mark);
    bench.write("other", "stored meanwhile");
    wait_for("/root/other:");
    writer.request_stop();
    writer.join();
    once_stored(bench, latest);
    const std::int64_t intervals = (bench.clock().now() - began).ns / interval.ns;
    following.stop();
    CHECK_FALSE(shows(tree::uncertain_mark));

    std::int64_t records = 0;
    store::ObjectCache cache(bench.store(), 16u << 20);
    const catalog::Logs logs(bench.store());
    logs.scan_segments(bench.source().id, 1, {}, [&](const catalog::LogSegment& segment) {
        for (const format::JournalRecord& record : view::read_journal(cache, segment).records)
            records += record.paths[0] == "log";
        return true;
    });
    // Read at once four times, then each interval and at the end; marked before each of these.
    CHECK(records <= 4 + 2 * (intervals + 2));
}

TEST_CASE("What was not followed is uncertain, and right again from the next look on") {
    const FollowBy by = GENERATE(from_range(all_ways()));
    Bench bench;
    bench.write("f", "one");
    Following(bench, {.by = by}).stop();
    bench.write("f", "while nobody looked");
    Following again(bench, {.by = by});
    bench.write("g", "two");
    once_stored(bench, latest);
    again.stop();
    const catalog::Logs logs(bench.store());
    const auto spans = spans_of(bench);
    REQUIRE(spans.size() == 1);
    CHECK(spans[0].kind == catalog::LogSpan::Kind::uncertain);
    CHECK(spans[0].reason == "it was not followed");
    const auto before = logs.segment_ending_at(bench.source().id, 1, {spans[0].after.value + 1});
    REQUIRE(before);
    CHECK(before->last_time == spans[0].from_time);
    CHECK(logs.runs(bench.source().id, 1).size() == 1);
}

TEST_CASE("A clock that steps changes no tree, and time never goes back in the log") {
    Bench bench;
    bench.write("f", "one");
    SteppingClock clock;
    clock.step(seconds(-7200));
    Following following(bench, {}, clock);
    const auto change = [&](const char* content) {
        bench.write("f", content);
        Timestamp time;
        const std::string state =
            once_stored(bench, [&] { return timeline::Moment(time = following.known_until()); });
        return std::pair(time, state);
    };
    const auto first = change("two");
    clock.step(seconds(-3600));
    const auto behind = change("three");
    clock.step(seconds(7200));
    const auto ahead = change("four");
    following.stop();
    CHECK(behind.first == first.first);
    CHECK(ahead.first - behind.first > seconds(3000));
    CHECK(at(bench, first.first) == behind.second);
    CHECK(at(bench, ahead.first + seconds(-1)) == behind.second);
    CHECK(at(bench, ahead.first) == ahead.second);
}

TEST_CASE("A directory that goes, or is replaced, is followed no more") {
    const FollowBy by = GENERATE(from_range(all_ways()));
    Bench bench;
    bench.write("f", "one");
    const std::string root = bench.root(), old = root + ".old";
    std::string text = ": the directory is not there any more";
    SECTION("replaced") {
        text = ": another directory is there now";
        const Error error = failure_of(bench, by, [&] {
            fs::rename(root, old);
            fs::create_directory(root);
        });
        CHECK(error.what() == root + text);
        CHECK(error.code() == Errc::not_found);
    }
    SECTION("renamed") {
        CHECK(failure_of(bench, by, [&] { fs::rename(root, old); }).what() == root + text);
        fs::create_directory(root);
    }
    SECTION("removed") {
        CHECK(failure_of(bench, by, [&] { fs::remove_all(root); }).what() == root + text);
        fs::create_directory(root);
    }
    fs::remove_all(old);
}
