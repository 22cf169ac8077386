// SPDX-License-Identifier: Apache-2.0
// The versions of one file over 1,000 snapshots of 300 directories with 1,000 files each; each
// snapshot changes one file of another directory, and every tenth the file that is asked for.
#include <yore/base/error.h>
#include <yore/catalog/catalog.h>
#include <yore/store/object_cache.h>
#include <yore/tree/directory.h>
#include <yore/view/versions.h>

#include <benchmark/benchmark.h>

namespace {

using namespace yore;

constexpr std::uint32_t directory_count = 300, file_count = 1000, snapshot_count = 1000;

class History {
  public:
    SystemClock clock;
    store::Store store{store::make_memory_backend(), {}, {}, clock};
    catalog::Catalog catalog{store};
    std::uint32_t source = 0;

    History() {
        catalog::Source home;
        home.name = "home";
        home.directory.path = "/srv/home";
        source = catalog.add_source(home).id;
        for (std::uint32_t i = 0; i < directory_count; ++i) put_directory(i, 0);
        catalog::Snapshot snapshot;
        snapshot.source = source;
        std::vector<store::RecordChange> changes;
        for (std::uint32_t i = 0; i < snapshot_count; ++i) {
            put_directory(i % 10 == 0 ? 150 : i % directory_count, i);
            SystemRandom().fill(snapshot.id.bytes);
            snapshot.name.second = 1'700'000'000 + 3600 * i;
            snapshot.started = snapshot.ended = Timestamp::from_seconds(snapshot.name.second);
            snapshot.root = put_root();
            changes.push_back(catalog::Catalog::put(snapshot));
        }
        writer_->commit(changes);
    }

  private:
    static tree::Entry directory(std::string name, const tree::DirectoryBuilder::Built& built) {
        tree::Entry entry;
        entry.name = std::move(name);
        entry.attributes.kind = tree::FileKind::directory;
        entry.child = built.top;
        entry.totals = built.totals;
        return entry;
    }
    /// Its file 500 is changed in each state.
    void put_directory(std::uint32_t number, std::uint32_t state) {
        tree::DirectoryBuilder builder(*writer_, bounds_);
        for (std::uint32_t i = 0; i < file_count; ++i) {
            tree::Entry entry;
            entry.name = fmt::format("file-{:04}", i);
            entry.attributes.permissions = 0644;
            entry.attributes.size = entry.content.size = 100;
            entry.attributes.modified.ns = i == 500 ? state : 0;
            ChunkId chunk;
            chunk.bytes[0] = static_cast<std::byte>(i);
            entry.content.extents.push_back({100, chunk, 0});
            builder.add(entry);
        }
        const auto built = builder.finish();
        directories_[fmt::format("directory-{:03}", number)] = built;
    }
    NodeId put_root() {
        tree::DirectoryBuilder builder(*writer_, bounds_);
        for (const auto& [name, built] : directories_) builder.add(directory(name, built));
        tree::DirectoryBuilder top(*writer_, bounds_);
        top.add(directory("root", builder.finish()));
        return top.finish().top;
    }

    std::unique_ptr<store::Writer> writer_ = store.write();
    tree::NodeBounds bounds_{store.keys().gear};
    std::map<std::string, tree::DirectoryBuilder::Built> directories_;
};

void versions_of_a_file(benchmark::State& state) {
    static History history;
    for (auto _ : state) {
        const store::ObjectCache cold(history.store, 256u << 20);
        std::uint64_t count = 0;
        view::scan_versions(history.catalog, cold, history.source, "directory-150/file-0500",
                            nullptr, [&](const view::Version&) { return ++count > 0; });
        state.counters["versions"] = static_cast<double>(count);
    }
}
BENCHMARK(versions_of_a_file)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
