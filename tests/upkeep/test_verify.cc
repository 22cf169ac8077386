// SPDX-License-Identifier: Apache-2.0
#include <yore/catalog/log.h>
#include <yore/upkeep/verify.h>

#include <optional>

#include <catch2/catch.hpp>

#include "../tree/tree_fixture.h"

using namespace yore;
using namespace yore::upkeep;

namespace {

/// Gives one object back with a bit flipped.
class DamagingBackend final : public test::SharedBackend {
  public:
    DamagingBackend(std::shared_ptr<store::Backend> shared, Domain domain, Location victim)
        : test::SharedBackend(std::move(shared)), domain_(domain), victim_(victim) {}
    bool read(Domain domain, Location location, Buffer& into) const override {
        const bool found = test::SharedBackend::read(domain, location, into);
        if (found && domain == domain_ && location == victim_)
            into.span()[into.size() / 2] ^= std::byte{4};
        return found;
    }

  private:
    Domain domain_;
    Location victim_;
};

/// With what was told on the way.
struct Outcome : VerifyResult {
    std::vector<Damage> damage;
    std::vector<Need> needs;
};

/// One snapshot of two files, one of them in a subdirectory.
struct Repository {
    test::TreeFixture fixture;
    ChunkId chunk;
    NodeId subdirectory;

    /// Snapshots of the same tree.
    explicit Repository(int snapshots = 1) {
        catalog::Catalog catalog(*fixture.store);
        catalog::Source source;
        source.name = "home";
        source.directory.path = "/home";
        source = catalog.add_source(source);
        tree::Entry file = entry("file", tree::FileKind::regular);
        chunk = test::put_chunk(fixture.writer, as_bytes("some content of some length"));
        file.attributes.size = 27;
        file.content = fixture.build({{27, chunk, 0}});
        tree::Entry directory = entry("sub", tree::FileKind::directory);
        const auto below = fixture.build({{"file", file}});
        subdirectory = below.top;
        directory.child = below.top;
        directory.totals = below.totals;
        tree::Entry top = entry("root", tree::FileKind::directory);
        const auto all = fixture.build({{"file", file}, {"sub", directory}});
        top.child = all.top;
        top.totals = all.totals;
        for (int i = 0; i < snapshots; ++i) {
            catalog::Snapshot snapshot;
            snapshot.source = source.id;
            const auto name = catalog.reserve_name(source.id, fixture.repository.clock.now());
            snapshot.name = name.name();
            snapshot.root = fixture.build({{"root", top}}).top;
            const std::vector<store::RecordChange> records{catalog::Catalog::put(snapshot)};
            fixture.writer.commit(records);
        }
    }

    static tree::Entry entry(const std::string& name, tree::FileKind kind) {
        tree::Entry made;
        made.name = name;
        made.attributes.kind = kind;
        made.attributes.permissions = 0755;
        return made;
    }

    /// Verifies as a process would that opens it anew, with one object damaged if asked.
    Outcome verify(VerifyOptions options,
                   std::optional<std::pair<Domain, Location>> victim = std::nullopt) {
        std::unique_ptr<store::Backend> backend =
            std::make_unique<test::SharedBackend>(fixture.repository.backend);
        if (victim)
            backend = std::make_unique<DamagingBackend>(fixture.repository.backend, victim->first,
                                                        victim->second);
        store::StoreOptions store_options;
        store_options.writer = "host/1";
        const store::Store store(std::move(backend),
                                 test::keys_from(7, fixture.repository.encryption), store_options,
                                 fixture.repository.clock);
        const catalog::Catalog catalog(const_cast<store::Store&>(store));
        const store::ObjectCache cache(store, 64u << 20);
        Outcome outcome;
        options.on_damage = [&](const Damage& damage) { outcome.damage.push_back(damage); };
        options.on_need = [&](const Need& need) { outcome.needs.push_back(need); };
        static_cast<VerifyResult&>(outcome) = upkeep::verify(catalog, cache, options, {});
        CHECK(outcome.damage.size() == outcome.counts.damaged);
        return outcome;
    }
};

}  // namespace

TEST_CASE("a sound repository has no damage, at both levels") {
    Repository repository;
    const int level = GENERATE(1, 2);
    const Outcome result = repository.verify({.level = level});
    CHECK(result.damage.empty());
    CHECK(result.counts.snapshots_done == 1);
    CHECK(result.counts.nodes == 3);
    CHECK(result.counts.chunks == 1);
    CHECK((result.counts.objects_read > 0) == (level == 2));
}

TEST_CASE("a damaged chunk is seen at level 2, with the files that need it") {
    Repository repository;
    const Location location = repository.fixture.store->find(repository.chunk)->location;
    const std::pair victim(Domain::chunk, location);
    CHECK(repository.verify({.level = 1}, victim).damage.empty());
    const Outcome result = repository.verify({.level = 2}, victim);
    REQUIRE(result.damage.size() == 1);
    CHECK(result.damage[0].object == "chunk " + repository.chunk.hex());
    REQUIRE(result.needs.size() == 2);
    CHECK(result.needs[0].object == result.damage[0].object);
    CHECK(result.needs[0].source == "home");
    CHECK(result.needs[0].path == "/file");
    CHECK(result.needs[0].snapshots == 1);
    CHECK(result.needs[1].path == "/sub/file");
}

TEST_CASE(
    "damage is told of at both levels until a backup stores it anew, and then that it is mended") {
    Repository repository;
    const Location location = repository.fixture.store->find(repository.chunk)->location;
    const std::pair victim(Domain::chunk, location);
    CHECK(repository.verify({.level = 2}, victim).damage.size() == 1);
    const Outcome known = repository.verify({.level = 1}, victim);
    REQUIRE(known.damage.size() == 1);
    CHECK(known.needs.size() == 2);
    const auto store = repository.fixture.repository.open();
    const auto writer = store->write();
    test::put_chunk(*writer, as_bytes("some content of some length"));
    writer->commit({});
    const Outcome mended = repository.verify({.level = 2}, victim);
    CHECK(mended.damage.empty());
    REQUIRE(mended.mended.size() == 1);
    CHECK(mended.mended[0].object == "chunk " + repository.chunk.hex());
    CHECK(mended.mended[0].stored_anew);
    CHECK(repository.verify({.level = 2}, victim).mended.empty());
}

TEST_CASE("what was damaged and can be read again is no damage any more") {
    Repository repository;
    const Location location = repository.fixture.store->find(repository.subdirectory)->location;
    const std::pair victim(Domain::node, location);
    CHECK_FALSE(repository.verify({.level = 2}, victim).damage.empty());
    const Outcome mended = repository.verify({.level = 1});
    CHECK(mended.damage.empty());
    REQUIRE(mended.mended.size() == 1);
    CHECK_FALSE(mended.mended[0].stored_anew);
}

TEST_CASE("a path that needs damage in many snapshots is told of once, with their span") {
    Repository repository(12);
    const Location location = repository.fixture.store->find(repository.chunk)->location;
    const Outcome result = repository.verify({.level = 2}, std::pair(Domain::chunk, location));
    REQUIRE(result.needs.size() == 2);
    for (const Need& need : result.needs) {
        CHECK(need.snapshots == 12);
        CHECK(need.first < need.last);
    }
}

TEST_CASE("a damaged directory is seen at level 1, by its path") {
    Repository repository;
    const Location location = repository.fixture.store->find(repository.subdirectory)->location;
    const Outcome result = repository.verify({.level = 1}, std::pair(Domain::node, location));
    REQUIRE(result.damage.size() == 1);
    CHECK(result.damage[0].object.find(repository.subdirectory.hex()) != std::string::npos);
    CHECK(result.needs.at(0).path == "/sub");
}

TEST_CASE("a sample reads a part, the same one for the same seed") {
    Repository repository;
    const auto read = [&](std::uint64_t seed) {
        return repository.verify({.level = 2, .sample = 0.5, .seed = seed}).counts.objects_read;
    };
    CHECK(read(1) == read(1));
    std::uint64_t sum = 0;
    for (std::uint64_t seed = 0; seed < 64; ++seed) sum += read(seed);
    const std::uint64_t all = repository.verify({.level = 2}).counts.objects_read;
    CHECK(sum > 64 * all / 4);
    CHECK(sum < 64 * all * 3 / 4);
}

TEST_CASE("levels and samples that make no sense are refused") {
    Repository repository;
    CHECK(test::code_thrown_by([&] { repository.verify({.level = 3}); }) == Errc::invalid);
    CHECK(test::code_thrown_by([&] { repository.verify({.level = 2, .sample = 0}); }) ==
          Errc::invalid);
}

TEST_CASE("what a log needs and is not there is seen at level 1, with its segment") {
    Repository repository;
    catalog::LogSegment segment;
    segment.source = segment.incarnation = 1;
    segment.name = "0001";
    segment.begin = {1};
    segment.end = {2};
    segment.entries = repository.fixture.build(test::Entries{}).top;
    const auto store = [&] {
        auto changes = catalog::Logs(*repository.fixture.store).add(segment);
        changes.push_back(catalog::Logs::put({1, 1, "journal-1", "", {}, {}}));
        repository.fixture.writer.commit(changes);
    };
    store();
    CHECK(repository.verify({.level = 1}).damage.empty());
    segment.begin = {2};
    segment.end = {3};
    segment.name = "0002";
    segment.entries->bytes[0] ^= std::byte{1};
    store();
    const Outcome result = repository.verify({.level = 1});
    REQUIRE(result.damage.size() == 1);
    CHECK(result.damage[0].object == "node " + segment.entries->hex());
    CHECK(result.needs.at(0).path == "log/journal-1/0002");
    CHECK(result.needs[0].snapshots == 0);
}
