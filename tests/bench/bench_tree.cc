// SPDX-License-Identifier: Apache-2.0
// What one entry costs: to check a node, to read it in place, to find it, to build it anew or to
// take it over. Items are entries.
#include <yore/store/object_cache.h>
#include <yore/tree/content.h>
#include <yore/tree/directory.h>

#include <benchmark/benchmark.h>

#include "tree/directory_node.h"

namespace {

using namespace yore;
using namespace yore::tree;

constexpr std::uint32_t entry_count = 100'000;

/// Small files of one directory that share chunks, as ingest gives them.
Entry small_file(std::uint32_t number) {
    Entry entry;
    entry.name = fmt::format("file-{:07}.txt", number);
    entry.attributes.permissions = 0644;
    entry.attributes.uid = entry.attributes.gid = 1000;
    entry.attributes.size = entry.content.size = 100 + number % 7;
    entry.attributes.inode = 5'000'000 + number;
    entry.attributes.modified = entry.attributes.changed =
        Timestamp::from_seconds(1'795'000'000, number / 60 % 250 * 4'000'000);
    ChunkId chunk;
    SeededRandom(number / 1000).fill(chunk.bytes);
    entry.content.extents.push_back({entry.content.size, chunk, number % 1000 * 103});
    return entry;
}

struct Fixture {
    SystemClock clock;
    store::Store store{store::make_memory_backend(), {}, {}, clock};
    std::unique_ptr<store::Writer> writer = store.write();
    store::ObjectCache cache{store, 256u << 20};
    NodeBounds bounds{store.keys().gear};
    std::vector<Entry> entries;
    NodeId top;

    Fixture() {
        for (std::uint32_t i = 0; i < entry_count; ++i) entries.push_back(small_file(i));
        top = build();
        writer->commit({});
    }
    NodeId build() {
        DirectoryBuilder builder(*writer, bounds);
        for (const Entry& entry : entries) builder.add(entry);
        return builder.finish().top;
    }
};
Fixture& fixture() {
    static Fixture made;
    return made;
}
void count_entries(benchmark::State& state, std::uint32_t entries) {
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * entries);
}

void check_leaf(benchmark::State& state) {
    const EntryView entry =
        *Directory(fixture().cache, fixture().top).find(small_file(50'000).name);
    const std::shared_ptr<const Leaf> leaf = Leaf::load(fixture().cache, entry.leaf());
    const auto node = fixture().cache.node(entry.leaf());
    for (auto _ : state) check_node(entry.leaf(), *node);
    count_entries(state, leaf->count());
    state.counters["plain bytes/entry"] =
        static_cast<double>(node->size()) / static_cast<double>(leaf->count());
    state.counters["stored bytes/entry"] =
        static_cast<double>(fixture().store.find(entry.leaf())->stored_bytes) /
        static_cast<double>(leaf->count());
}
BENCHMARK(check_leaf);

void scan_attributes(benchmark::State& state) {
    for (auto _ : state) {
        std::uint64_t sum = 0;
        Directory(fixture().cache, fixture().top).scan("", [&](const EntryView& entry) {
            sum += entry.attributes().size + entry.name().size();
            return true;
        });
        benchmark::DoNotOptimize(sum);
    }
    count_entries(state, entry_count);
}
BENCHMARK(scan_attributes);

void find_by_name(benchmark::State& state) {
    const Directory directory(fixture().cache, fixture().top);
    std::uint32_t next = 0;
    for (auto _ : state) {
        next = (next + 61'803) % entry_count;
        benchmark::DoNotOptimize(directory.find(fixture().entries[next].name));
    }
    count_entries(state, 1);
}
BENCHMARK(find_by_name);

void find_by_place(benchmark::State& state) {
    const EntryView entry =
        *Directory(fixture().cache, fixture().top).find(small_file(50'000).name);
    for (auto _ : state) {
        benchmark::DoNotOptimize(
            entry_at(fixture().cache, entry.leaf(), entry.place()).attributes());
    }
    count_entries(state, 1);
}
BENCHMARK(find_by_place);

/// All nodes are known already: the cost is encoding, hashing and looking up.
void build_again(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(fixture().build());
    count_entries(state, entry_count);
}
BENCHMARK(build_again)->Unit(benchmark::kMillisecond);

void take_over(benchmark::State& state) {
    for (auto _ : state) {
        DirectoryBuilder builder(*fixture().writer, fixture().bounds);
        DirectoryCursor cursor(fixture().cache, fixture().top);
        for (; cursor.current(); cursor.advance()) builder.add(*cursor.current());
        benchmark::DoNotOptimize(builder.finish());
    }
    count_entries(state, entry_count);
}
BENCHMARK(take_over)->Unit(benchmark::kMillisecond);

/// Many directories with few entries each: what a node costs by itself.
void small_directories(benchmark::State& state) {
    const auto per_directory = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) {
        for (std::size_t at = 0; at + per_directory <= 10'000; at += per_directory) {
            DirectoryBuilder builder(*fixture().writer, fixture().bounds);
            for (std::size_t i = 0; i < per_directory; ++i) builder.add(fixture().entries[at + i]);
            benchmark::DoNotOptimize(builder.finish());
        }
    }
    count_entries(state, 10'000);
}
BENCHMARK(small_directories)->Arg(1)->Arg(10)->Arg(100)->Unit(benchmark::kMillisecond);

void list_of_extents(benchmark::State& state) {
    SeededRandom random(1);
    std::vector<Extent> extents(100'000);
    for (Extent& extent : extents) {
        extent = {100'000 + random.below(60'000), ChunkId{}, 0};
        random.fill(extent.chunk->bytes);
    }
    for (auto _ : state) {
        ContentBuilder builder(*fixture().writer);
        for (const Extent& extent : extents) builder.add(extent);
        benchmark::DoNotOptimize(builder.finish());
    }
    count_entries(state, 100'000);
}
BENCHMARK(list_of_extents)->Unit(benchmark::kMillisecond);

void find_extent(benchmark::State& state) {
    SeededRandom random(2);
    ContentBuilder builder(*fixture().writer);
    for (int i = 0; i < 1'000'000; ++i) {
        Extent extent{65536, ChunkId{}, 0};
        random.fill(extent.chunk->bytes);
        builder.add(extent);
    }
    const Content content = builder.finish();
    fixture().writer->commit({});
    const ContentReader reader(fixture().cache, content);
    for (auto _ : state) benchmark::DoNotOptimize(reader.find(random.below(reader.size())));
    count_entries(state, 1);
}
BENCHMARK(find_extent);

}  // namespace

BENCHMARK_MAIN();
