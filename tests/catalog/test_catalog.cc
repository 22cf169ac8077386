// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/catalog/catalog.h>
#include <yore/catalog/log.h>

#include <algorithm>
#include <atomic>
#include <set>
#include <thread>

#include <catch2/catch.hpp>

#include "../shared_backend.h"
#include "../support.h"
#include "memory_store.h"

using namespace yore;
using namespace yore::catalog;

namespace {

/// The memory backend, counting the records that are opened.
class CountingBackend final : public test::SharedBackend {
  public:
    explicit CountingBackend(std::atomic<std::uint64_t>& catalog_reads)
        : SharedBackend(store::make_memory_backend()), reads_(catalog_reads) {}

    std::optional<Bytes> get(store::Table table, ByteView key) const override {
        if (table == store::Table::catalog) ++reads_;
        return SharedBackend::get(table, key);
    }
    void scan(store::Table table, ByteView prefix, ByteView first,
              const std::function<bool(ByteView, ByteView)>& visit) const override {
        SharedBackend::scan(table, prefix, first, [&](ByteView key, ByteView value) {
            if (table == store::Table::catalog) ++reads_;
            return visit(key, value);
        });
    }

  private:
    std::atomic<std::uint64_t>& reads_;
};

struct Repository {
    VirtualClock clock{Timestamp::from_seconds(1'795'226'400)};
    std::atomic<std::uint64_t> reads{0};
    store::Store store{std::make_unique<CountingBackend>(reads), test::keys_for_tests(), {}, clock};
    Catalog catalog{store};

    Source add(const std::string& name) {
        return catalog.add_source(
            {0, name, SourceKind::directory, clock.now(), {"/srv", 0, 0, 0, {}}});
    }
    Snapshot put(std::uint32_t source, SnapshotName name, Timestamp ended) {
        Snapshot snapshot;
        SystemRandom().fill(snapshot.id.bytes);
        snapshot.source = source;
        snapshot.name = name;
        snapshot.ended = ended;
        const store::RecordChange change[] = {Catalog::put(snapshot)};
        store.commit(change);
        return snapshot;
    }
    void remove(const Snapshot& snapshot) {
        const store::RecordChange change[] = {Catalog::remove(snapshot)};
        store.commit(change);
    }
};

Errc code_of_throw(const std::function<void()>& body) {
    try {
        body();
    } catch (const Error& error) {
        return error.code();
    }
    FAIL("nothing was thrown");
    return Errc::io;
}

}  // namespace

TEST_CASE("sources are found by name and number, and numbers are never used again") {
    Repository repository;
    Catalog& catalog = repository.catalog;
    CHECK(catalog.sources().empty());
    const Source a = repository.add("a"), b = repository.add("b");
    CHECK(a.id == 1);
    CHECK(b.id == 2);
    CHECK(catalog.source("b")->id == 2);
    CHECK(catalog.source(1)->name == "a");
    CHECK_FALSE(catalog.source("c"));
    CHECK_FALSE(catalog.source(3));
    CHECK(code_of_throw([&] { repository.add("a"); }) == Errc::exists);
    CHECK(code_of_throw([&] { catalog.remove_source("c", {}); }) == Errc::not_found);

    catalog.remove_source("b", {});
    CHECK_FALSE(catalog.source("b"));
    CHECK(repository.add("b").id == 3);
    CHECK(Catalog(repository.store).sources().size() == 2);
}

TEST_CASE("a source that cannot be backed up is refused") {
    Repository repository;
    CHECK(code_of_throw([&] { repository.add("at"); }) == Errc::invalid);
    CHECK(code_of_throw([&] {
              repository.catalog.add_source(
                  {0, "x", SourceKind::directory, {}, {"relative", 0, 0, 0, {}}});
          }) == Errc::invalid);
}

TEST_CASE("a removed source keeps its snapshots, and is taken up again by its name") {
    Repository repository;
    Catalog& catalog = repository.catalog;
    const Source source = repository.add("home");
    {
        const Reservation name = catalog.reserve_name(source.id, repository.clock.now());
        CHECK(code_of_throw([&] { catalog.remove_source("home", {6}); }) == Errc::busy);
    }
    catalog.set_retention("home", {.daily = 7});
    repository.put(source.id, {5, 1}, {6});
    CHECK_FALSE(catalog.remove_source("home", {7}));
    CHECK(catalog.source("home")->removed == Timestamp{7});
    CHECK(catalog.snapshot_names(source.id).size() == 1);
    CHECK(code_of_throw([&] { catalog.reserve_name(source.id, {}); }) == Errc::invalid);
    CHECK(repository.add("home").id == source.id);
    CHECK_FALSE(catalog.source("home")->removed);
    CHECK(catalog.source("home")->retention == RetentionPolicy{.daily = 7});
    catalog.reserve_name(source.id, {});
}

TEST_CASE("purging a source takes all that is stored of it, unless it is held") {
    Repository repository;
    Catalog& catalog = repository.catalog;
    const Source home = repository.add("home"), other = repository.add("other");
    repository.put(home.id, {5, 1}, {6});
    repository.put(home.id, {6, 1}, {7});
    repository.put(other.id, {5, 1}, {6});
    const Hold hold = catalog.add_hold(
        {.source = home.id, .reason = "audit", .from = {6}, .to = {6}, .until = Timestamp{100}});
    CHECK(code_of_throw([&] { catalog.purge_source("home", {99}); }) == Errc::invalid);
    CHECK(catalog.purge_source("home", {100}) == 2);
    CHECK_FALSE(catalog.source("home"));
    CHECK(catalog.snapshot_names(home.id).empty());
    CHECK(catalog.holds(home.id).empty());
    CHECK(catalog.snapshot_names(other.id).size() == 1);
    CHECK(code_of_throw([&] { catalog.release_hold(hold.number); }) == Errc::not_found);
}

TEST_CASE("holds have numbers that are never used again") {
    Repository repository;
    Catalog& catalog = repository.catalog;
    const std::uint32_t home = repository.add("home").id;
    const Hold first = catalog.add_hold({.source = home, .reason = "one", .snapshot = {{5, 2}}});
    CHECK(first.number == 1);
    CHECK(Catalog(repository.store).holds(home) == std::vector{first});
    CHECK(catalog.release_hold(1) == first);
    CHECK(catalog.add_hold({.source = home, .from = {3}, .to = {9}}).number == 2);
    CHECK(repository.add("other").id == 2);
    CHECK(catalog.holds(home).size() == 1);
    CHECK(code_of_throw([&] { catalog.add_hold({.source = 9}); }) == Errc::not_found);
    CHECK(code_of_throw([&] { catalog.add_hold({.source = home, .from = {2}, .to = {1}}); }) ==
          Errc::invalid);
}

TEST_CASE("snapshots are listed oldest first, each source's own") {
    Repository repository;
    const std::uint32_t a = repository.add("a").id, b = repository.add("b").id;
    const Snapshot late = repository.put(a, {-3, 2}, {9});
    repository.put(a, {-3, 1}, {8});
    repository.put(a, {-4, 1}, {7});
    repository.put(b, {1, 1}, {7});
    CHECK(repository.catalog.snapshot_names(a) ==
          std::vector<SnapshotName>{{-4, 1}, {-3, 1}, {-3, 2}});
    CHECK(repository.catalog.snapshots(a).size() == 3);
    CHECK(repository.catalog.latest(a)->id == late.id);
    CHECK(repository.catalog.snapshot(a, {-3, 2})->id == late.id);
    CHECK_FALSE(repository.catalog.snapshot(a, {-3, 3}));
    CHECK_FALSE(repository.catalog.latest(9));
    repository.remove(late);
    CHECK(repository.catalog.latest(a)->name == SnapshotName{-3, 1});
    CHECK_FALSE(repository.catalog.snapshot(a, {-3, 2}));
}

TEST_CASE("a moment means the snapshot before the first that ended later, whatever clocks did") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    Repository repository;
    const std::uint32_t source = repository.add("home").id;
    std::vector<Snapshot> all;
    std::int64_t clock = 1000;
    for (int step = 0; step < 400; ++step) {
        clock += static_cast<std::int64_t>(random.below(40)) - (random.below(10) == 0 ? 200 : 5);
        if (all.empty() || random.below(8) > 0) {
            const auto newest = all.empty() ? std::nullopt : std::optional(all.back().name);
            const auto name = SnapshotName::after(newest, Timestamp::from_seconds(clock));
            all.push_back(repository.put(source, name, Timestamp::from_seconds(clock + 2)));
        } else {
            const auto at = static_cast<std::ptrdiff_t>(random.below(all.size()));
            repository.remove(all[static_cast<std::size_t>(at)]);
            all.erase(all.begin() + at);
        }
        const Timestamp moment =
            Timestamp::from_seconds(clock + static_cast<std::int64_t>(random.below(300)) - 150);
        const auto later = std::ranges::find_if(
            all, [&](const Snapshot& snapshot) { return snapshot.ended > moment; });
        const auto found = repository.catalog.at_or_before(source, moment);
        REQUIRE(found.has_value() == (later != all.begin()));
        if (found) REQUIRE(found->id == std::prev(later)->id);
    }
}

TEST_CASE("with 10,000 snapshots a moment is found by reading one record") {
    Repository repository;
    const std::uint32_t source = repository.add("home").id;
    std::vector<store::RecordChange> changes;
    for (int i = 0; i < 10'000; ++i) {
        Snapshot snapshot;
        snapshot.source = source;
        snapshot.name = {i * 60, 1};
        snapshot.ended = Timestamp::from_seconds(i * 60 + 5);
        changes.push_back(Catalog::put(snapshot));
    }
    repository.store.commit(changes);
    CHECK(repository.catalog.snapshot_names(source).size() == 10'000);
    repository.reads = 0;
    for (int i = 1; i < 10'000; i += 7) {
        const Timestamp moment = Timestamp::from_seconds(i * 60);
        REQUIRE(repository.catalog.at_or_before(source, moment)->name.second == (i - 1) * 60);
        REQUIRE(repository.catalog.latest(source)->name.second == 9'999 * 60);
    }
    CHECK(repository.reads == 2 * 1429);
}

TEST_CASE("snapshots started at once, by threads that commit and give up, never share a name") {
    Repository repository;
    const std::uint32_t source = repository.add("home").id;
    Guarded<std::set<SnapshotName>> committed;
    std::atomic<bool> shared{false};
    const auto work = [&](std::uint64_t seed) {
        SeededRandom random(seed);
        for (int i = 0; i < 100; ++i) {
            const Timestamp now =
                Timestamp::from_seconds(static_cast<std::int64_t>(random.below(3)));
            const Reservation reserved = repository.catalog.reserve_name(source, now);
            if (random.below(2) == 0) continue;
            repository.put(source, reserved.name(), now);
            if (!committed.with([&](auto& names) { return names.insert(reserved.name()).second; }))
                shared = true;
        }
    };
    {
        std::vector<std::jthread> threads;
        for (std::uint64_t i = 0; i < 4; ++i) threads.emplace_back(work, test::test_seed() + i);
    }
    CHECK_FALSE(shared);
    const auto names = repository.catalog.snapshot_names(source);
    CHECK(std::set(names.begin(), names.end()) == committed.with([](auto& set) { return set; }));
}

TEST_CASE("sources added by several threads get numbers of their own") {
    Repository repository;
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i)
            threads.emplace_back([&, i] {
                for (int n = 0; n < 20; ++n) repository.add(fmt::format("s-{}-{}", i, n));
            });
    }
    const auto sources = repository.catalog.sources();
    REQUIRE(sources.size() == 80);
    CHECK(sources.back().id == 80);
}

TEST_CASE("a source with the tail of a log is kept when it is removed, and purged with it") {
    yore::test::MemoryStore memory;
    Catalog catalog(memory.store);
    const auto add = [&](const std::string& name) {
        Source source;
        source.name = name;
        source.directory.path = "/" + name;
        return catalog.add_source(source).id;
    };
    const store::TailId going{add("going"), 1}, staying{add("staying"), 1};
    for (const store::TailId& tail : {going, {going.source, 2}, staying})
        memory.store.open_tail(tail).append(7, as_bytes("acknowledged"));
    CHECK_FALSE(catalog.remove_source("going", memory.clock.now()));
    CHECK(memory.store.tails().size() == 3);
    catalog.purge_source("going", memory.clock.now());
    CHECK(memory.store.tails() == std::vector{staying});
}

TEST_CASE("a source that has a log and no snapshot is kept when it is removed") {
    yore::test::MemoryStore memory;
    Catalog catalog(memory.store);
    const auto add = [&](const std::string& name) {
        Source source;
        source.name = name;
        source.directory.path = "/" + name;
        return catalog.add_source(source);
    };
    const Source followed = add("followed");
    add("fresh");
    LogIncarnation journal;
    journal.source = followed.id;
    journal.number = 1;
    journal.name = "journal-1";
    const store::RecordChange begun[] = {Logs::put(journal)};
    memory.store.commit(begun);
    CHECK(catalog.remove_source("fresh", memory.clock.now()));
    CHECK_FALSE(catalog.remove_source("followed", memory.clock.now()));
    CHECK(catalog.source("followed")->removed);
    catalog.purge_source("followed", memory.clock.now());
    CHECK_FALSE(catalog.source("followed"));
    CHECK(Logs(memory.store).incarnations(followed.id).empty());
}
