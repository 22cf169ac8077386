// SPDX-License-Identifier: Apache-2.0
//
// Which packs a verify of level 2 reads, and what the repository remembers of it.
#include <yore/catalog/verified.h>
#include <yore/store/object_cache.h>
#include <yore/upkeep/verify.h>

#include "../store/store_fixture.h"

using namespace yore;
using namespace yore::test;
using namespace yore::upkeep;

namespace {

/// One pack is read even when there is no time at all.
constexpr Duration no_time{1};

/// Packs of one chunk each.
struct Packs {
    MemoryRepository repository;
    std::unique_ptr<store::Store> store = repository.open();
    std::vector<ChunkId> chunks;

    explicit Packs(int count) {
        for (int i = 0; i < count; ++i) add();
    }
    void add() {
        auto writer = store->write();
        const std::string text = fmt::format("chunk {}", chunks.size());
        chunks.push_back(put_chunk(*writer, as_bytes(text)));
        writer->commit({});
    }
    VerifyResult verify(VerifyOptions options, std::stop_token stop = {}) {
        repository.clock.set(repository.clock.now() + seconds(3600));
        options.level = 2;
        options.now = repository.clock.now();
        const catalog::Catalog catalog(*store);
        const store::ObjectCache cache(*store, 1u << 20);
        return upkeep::verify(catalog, cache, options, stop);
    }
    /// Hours since each pack was read; never: -1.
    std::vector<std::int64_t> ages() const {
        const auto verified = catalog::VerifiedPacks::load(*store);
        std::vector<std::int64_t> ages;
        for (const store::PackInfo& pack : store->packs()) {
            const auto read = verified.read_at(pack);
            ages.push_back(read ? (repository.clock.now() - *read).ns / seconds(3600).ns : -1);
        }
        return ages;
    }
    std::size_t records() const {
        std::size_t count = 0;
        store->scan_record_keys(as_bytes("v"), {}, [&](ByteView) { return ++count > 0; });
        return count;
    }
};

using Ages = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("runs with a time limit roll over the packs: never read first, then longest ago") {
    Packs packs(3);
    for (int run = 0; run < 3; ++run) {
        const PacksRead read = packs.verify({.max_time = no_time}).packs;
        CHECK(read.packs_read == 1);
        CHECK(read.packs == 3);
        CHECK(read.out_of_time == true);
    }
    CHECK(packs.ages() == Ages{2, 1, 0});
    packs.add();
    packs.verify({.max_time = no_time});
    CHECK(packs.ages() == Ages{3, 2, 1, 0});
    packs.verify({.max_time = no_time});
    CHECK(packs.ages() == Ages{0, 3, 2, 1});
    const PacksRead all = packs.verify({}).packs;
    CHECK_FALSE(all.out_of_time);
    CHECK(all.stored_bytes_read == all.stored_bytes);
    CHECK(packs.ages() == Ages{0, 0, 0, 0});
}

TEST_CASE("many small packs that one run read are one record") {
    Packs packs(100);
    packs.verify({});
    CHECK(packs.records() == 1);
    packs.verify({.max_time = no_time});
    CHECK(packs.records() == 2);
    CHECK(packs.store->check_tables().empty());
}

TEST_CASE("packs that were read lately can be left out") {
    Packs packs(2);
    packs.verify({});
    packs.add();
    CHECK(packs.verify({.older_than = seconds(7200)}).packs.packs_read == 1);
    CHECK(packs.ages() == Ages{1, 1, 0});
    CHECK(packs.verify({.older_than = seconds(7200)}).packs.packs_read == 2);
    CHECK_FALSE(packs.verify({.older_than = seconds(7200)}).packs.out_of_time);
    CHECK(packs.ages() == Ages{1, 1, 0});
}

TEST_CASE("a sample does not count as read, nor does what was stopped") {
    Packs packs(2);
    packs.verify({.sample = 0.999});
    CHECK(packs.ages() == Ages{-1, -1});
    std::stop_source stopped;
    stopped.request_stop();
    CHECK(code_thrown_by([&] { packs.verify({}, stopped.get_token()); }) == Errc::cancelled);
    CHECK(packs.ages() == Ages{-1, -1});
}

TEST_CASE("a repository that takes no writes is verified all the same") {
    Packs packs(2);
    packs.store = packs.repository.open({.read_only = true});
    CHECK(packs.verify({}).packs.packs_read == 2);
    CHECK(packs.ages() == Ages{-1, -1});
}
