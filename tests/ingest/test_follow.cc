// SPDX-License-Identifier: Apache-2.0
#include <yore/base/fd.h>
#include <yore/catalog/log.h>
#include <yore/ingest/follow.h>
#include <yore/tree/edit.h>
#include <yore/view/journal_replay.h>

#include <chrono>
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <thread>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tree/random_changes.h"
#include "ingest/focus.h"
#include "ingest/moved_names.h"
#include "ingest/tree_records.h"
#include "ingest_fixture.h"

using namespace yore;
using namespace yore::ingest;
using namespace yore::ingest::test;

namespace {

namespace fs = std::filesystem;
using Kind = format::JournalRecord::Kind;

/// A directory that is followed by a thread.
class Following {
  public:
    explicit Following(Bench& bench) : Following(bench, bench.clock()) {}
    Following(Bench& bench, const Clock& clock) : bench_(bench) {
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
    std::uint64_t moments() {
        const std::scoped_lock lock(mutex_);
        return last_.moments;
    }
    /// Changes something, and waits until that is stored.
    template <typename Change>
    Timestamp after(Change&& change) {
        const std::uint64_t before = moments();
        change();
        wait_for(before + 1);
        const std::scoped_lock lock(mutex_);
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
    const view::JournalReplay replay(bench.catalog(), cache);
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

bool may_follow() {
    return ::geteuid() == 0;
}

}  // namespace

TEST_CASE("A focus leads to its directories and nowhere else") {
    Focus focus;
    focus.add("a/b");
    focus.add("a/bc/d");
    CHECK(focus.contains("a/b"));
    CHECK_FALSE(focus.contains("a"));
    for (const char* way : {"", "a", "a/b", "a/bc", "a/bc/d"}) CHECK(focus.leads_to(way));
    for (const char* other : {"b", "a/b/c", "a/c", "a/bc/d/e"}) CHECK_FALSE(focus.leads_to(other));
    CHECK_FALSE(focus.contains(""));
    focus.add("");
    CHECK(focus.contains(""));
}

TEST_CASE("The changes between two trees lead from the one to the other") {
    CAPTURE(yore::test::test_seed());
    SeededRandom random(yore::test::test_seed());
    Bench bench;
    const tree::NodeBounds bounds(bench.store().keys().gear);
    const auto writer = bench.store().write();
    const NodeId empty = tree::DirectoryBuilder(*writer, bounds).finish().top;
    yore::test::RandomChanges changes(random);
    yore::test::ModelTree model;
    for (int round = 0; round < 40; ++round) {
        const NodeId before = model.build(*writer, bounds);
        for (std::uint64_t left = random.below(20); left > 0; --left)
            changes.next(model).apply(model);
        const NodeId after = model.build(*writer, bounds);
        writer->commit({});
        tree::TreeEdit edit(bench.cache(), before);
        scan_changes(bench.cache(), before, after, [&](Change&& change) {
            REQUIRE(change.paths.size() == 1);
            if (change.entry.attributes.kind == tree::FileKind::directory)
                change.entry.child = empty;
            if (change.kind == Kind::remove) edit.remove(change.paths[0]);
            if (change.kind == Kind::put) edit.put(change.paths[0], change.entry);
            if (change.kind == Kind::update) edit.update(change.paths[0], change.entry);
            return true;
        });
        REQUIRE(edit.finish(*writer, bounds) == after);
    }
}

TEST_CASE("What was renamed is found by its inode, unless it is not sure") {
    Bench bench;
    bench.make_directory("from/sub");
    bench.make_directory("to");
    bench.write("from/f", "content");
    bench.write("to/g", "other");
    const auto before = bench.take();
    const auto moves = [&](const std::set<std::string, std::less<>>& directories) {
        const Fd source(::open(bench.root().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        std::map<std::string, std::string> found;
        for (const MovedName& move :
             find_moves(bench.cache(), before.root, source.get(), directories))
            found[move.from] = move.to;
        return found;
    };
    CHECK(moves({"", "from", "to"}).empty());
    fs::rename(bench.at("from/sub"), bench.at("to/moved"));
    fs::rename(bench.at("from/f"), bench.at("to/g"));
    using Names = std::map<std::string, std::string>;
    CHECK(moves({"from", "to"}) == Names{{"from/f", "to/g"}, {"from/sub", "to/moved"}});
    CHECK(moves({"to"}).empty());
    fs::rename(bench.at("to/moved"), bench.at("from/sub/"));
    fs::rename(bench.at("from"), bench.at("to/from"));
    CHECK(moves({"", "from", "to"}) == Names{{"from", "to/from"}});
}

TEST_CASE("Every moment of a followed directory is what was there") {
    if (!may_follow()) return;
    Bench bench;
    bench.make_directory("d/e");
    bench.write("d/f", "one");
    bench.write("other", std::string(100'000, 'x'));
    Following following(bench);
    std::map<Timestamp, std::string> states;
    const auto change = [&](auto&& body) {
        const Timestamp time = following.after(body);
        states[time] = bench.describe(bench.take());
    };
    change([&] { bench.write("d/f", "two"); });
    change([&] { bench.write("d/e/new", "three"); });
    change([&] { fs::create_hard_link(bench.at("d/f"), bench.at("linked")); });
    change([&] { bench.write("linked", "written through another name"); });
    change([&] { fs::rename(bench.at("d"), bench.at("moved")); });
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
    // A directory of others that went while it was looked for counts as lost: safe, and rare.
    logs.scan_spans(bench.source().id, 1, {}, [](const catalog::LogSpan& span) {
        CHECK(span.reason == "events of changes were lost");
        return true;
    });
}

TEST_CASE("What was not followed is uncertain, and right again from the next look on") {
    if (!may_follow()) return;
    Bench bench;
    bench.write("f", "one");
    Following(bench).stop();
    bench.write("f", "while nobody looked");
    Following again(bench);
    again.after([&] { bench.write("g", "two"); });
    again.stop();
    const std::string latest = at(bench, timeline::Latest{});
    CHECK(latest == bench.describe(bench.take()));
    const catalog::Logs logs(bench.store());
    std::vector<catalog::LogSpan> spans;
    logs.scan_spans(bench.source().id, 1, {}, [&](const catalog::LogSpan& span) {
        spans.push_back(span);
        return true;
    });
    REQUIRE(spans.size() == 1);
    CHECK(spans[0].kind == catalog::LogSpan::Kind::uncertain);
    CHECK(spans[0].reason == "it was not followed");
    const auto before = logs.segment_ending_at(bench.source().id, 1, {spans[0].after.value + 1});
    REQUIRE(before);
    CHECK(before->last_time == spans[0].from_time);
    CHECK(logs.runs(bench.source().id, 1).size() == 1);
}

TEST_CASE("A clock that steps changes no tree, and time never goes back in the log") {
    if (!may_follow()) return;
    Bench bench;
    bench.write("f", "one");
    SteppingClock clock;
    clock.step(seconds(-7200));
    Following following(bench, clock);
    const auto change = [&](const char* content) {
        const Timestamp time = following.after([&] { bench.write("f", content); });
        return std::pair(time, bench.describe(bench.take()));
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

TEST_CASE("A directory that is replaced is followed no more") {
    if (!may_follow()) return;
    Bench bench;
    bench.write("f", "one");
    std::string failure;
    std::jthread thread([&](const std::stop_token& stop) {
        FollowOptions options;
        options.limits.quiet = options.limits.delay_max = {10'000'000};
        options.progress = [&](const Followed&) {
            if (fs::exists(bench.root() + ".old")) return;
            fs::rename(bench.root(), bench.root() + ".old");
            fs::create_directory(bench.root());
        };
        try {
            follow_directory(bench.catalog(), bench.source(), options, bench.clock(), stop);
        } catch (const Error& error) {
            failure = error.what();
        }
    });
    thread.join();  // the rename is an event, though above the directory
    CHECK(failure == bench.root() + ": another directory is there now");
    fs::remove_all(bench.root() + ".old");
}
