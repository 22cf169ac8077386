// SPDX-License-Identifier: Apache-2.0
// What a mount's answers cost before they reach FUSE: a listing's entry, a lookup, a moment.
#include <yore/base/error.h>
#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>
#include <yore/tree/directory.h>
#include <yore/view/identity.h>
#include <yore/view/view.h>

#include <benchmark/benchmark.h>

namespace {

using namespace yore;

constexpr std::uint32_t entry_count = 10'000;
constexpr std::uint32_t snapshot_count = 10'000;

tree::Entry small_file(std::uint32_t number) {
    tree::Entry entry;
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

/// One directory of small files in 10,000 snapshots.
struct Fixture {
    SystemClock clock;
    store::Store store{store::make_memory_backend(), {}, {}, clock};
    catalog::Catalog catalog{store};
    store::ObjectCache cache{store, 256u << 20};
    view::View view{catalog, cache, clock};

    Fixture() {
        const auto writer = store.write();
        const tree::NodeBounds bounds(store.keys().gear);
        tree::DirectoryBuilder files(*writer, bounds);
        for (std::uint32_t i = 0; i < entry_count; ++i) files.add(small_file(i));
        const auto built = files.finish();
        tree::Entry root;
        root.name = "root";
        root.attributes.kind = tree::FileKind::directory;
        root.child = built.top;
        root.totals = built.totals;
        tree::DirectoryBuilder top(*writer, bounds);
        top.add(root);
        catalog::Source source;
        source.name = "home";
        source.directory.path = "/srv/home";
        source = catalog.add_source(source);
        catalog::Snapshot snapshot;
        snapshot.source = source.id;
        snapshot.root = top.finish().top;
        std::vector<store::RecordChange> changes;
        for (std::uint32_t i = 0; i < snapshot_count; ++i) {
            SystemRandom().fill(snapshot.id.bytes);
            snapshot.name.second = 1'700'000'000 + 3600 * i;
            snapshot.started = snapshot.ended = Timestamp::from_seconds(snapshot.name.second);
            changes.push_back(catalog::Catalog::put(snapshot));
        }
        writer->commit(changes);
    }
};
Fixture& fixture() {
    static Fixture made;
    return made;
}

void list_stored(benchmark::State& state) {
    const view::View& view = fixture().view;
    const view::Node directory = view.resolve("home/snapshots/latest").value();
    for (auto _ : state) {
        view.list(directory, 0, [](const view::Listing& listing) {
            benchmark::DoNotOptimize(listing.node->identity);
            return true;
        });
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * entry_count);
}
BENCHMARK(list_stored);

/// As a mount asks for it: a page at a time.
void list_snapshots_in_pages(benchmark::State& state) {
    const view::View& view = fixture().view;
    const view::Node directory = view.resolve("home/snapshots").value();
    for (auto _ : state) {
        std::uint64_t last = 0;
        for (unsigned count = 1; count > 0;) {
            count = 0;
            view.list(directory, last, [&](const view::Listing& listing) {
                last = listing.cookie;
                return ++count < 100;
            });
        }
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * snapshot_count);
}
BENCHMARK(list_snapshots_in_pages);

void look_up_stored(benchmark::State& state) {
    const view::View& view = fixture().view;
    const view::Node directory = view.resolve("home/snapshots/latest").value();
    std::uint32_t number = 0;
    for (auto _ : state) {
        number = (number + 7919) % entry_count;
        const auto node = view.lookup(directory, fmt::format("file-{:07}.txt", number));
        benchmark::DoNotOptimize(view.attributes(node.value()));
    }
}
BENCHMARK(look_up_stored);

void identity_of_a_file(benchmark::State& state) {
    Fixture& made = fixture();
    const auto node = made.view.resolve("home/snapshots/latest/file-0000007.txt").value();
    const tree::EntryView entry = tree::entry_at(made.cache, node.leaf, node.place);
    const tree::Attributes stat = entry.attributes();
    const tree::Content content = entry.content();
    const view::Identities identities(made.store.keys().inodes);
    for (auto _ : state) benchmark::DoNotOptimize(identities.file(node.path, entry, stat, content));
}
BENCHMARK(identity_of_a_file);

void resolve_a_moment(benchmark::State& state) {
    const view::View& view = fixture().view;
    const view::Node at = view.resolve("home/at").value();
    for (auto _ : state) benchmark::DoNotOptimize(view.lookup(at, "2024-01-01T12:34:56Z"));
}
BENCHMARK(resolve_a_moment);

void attributes_of_a_source(benchmark::State& state) {
    const view::View& view = fixture().view;
    const view::Node source = view.resolve("home").value();
    for (auto _ : state) benchmark::DoNotOptimize(view.attributes(source));
}
BENCHMARK(attributes_of_a_source);

void refresh(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(fixture().view.refresh());
}
BENCHMARK(refresh);

}  // namespace

BENCHMARK_MAIN();
