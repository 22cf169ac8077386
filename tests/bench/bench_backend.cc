// SPDX-License-Identifier: Apache-2.0
/// The seam below the store on RocksDB, without hashing, compression or sealing: what the disk and
/// RocksDB themselves cost. `YORE_BENCH_DIRECTORY` says where (default: the temporary directory).
#include <yore/base/random.h>
#include <yore/store/rocks_backend.h>

#include <cstdlib>
#include <filesystem>
#include <string>

#include <benchmark/benchmark.h>

using namespace yore;
using namespace yore::store;

namespace {

constexpr std::size_t value_bytes = 64u << 10;
constexpr std::size_t pack_items = 4096;  // 256 MiB

class Scratch {
  public:
    Scratch() {
        const char* given = std::getenv("YORE_BENCH_DIRECTORY");
        std::string pattern =
            (given ? std::filesystem::path(given) : std::filesystem::temp_directory_path()) /
            "yore-bench-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        path_ = pattern;
        create_rocks_backend(path_ + "/r");
        reopen();
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    ~Scratch() {
        backend_.reset();
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Backend& backend() { return *backend_; }
    void reopen() {
        backend_.reset();
        backend_ = open_rocks_backend(path_ + "/r");
    }

    /// A pack of values of the given size, written and committed.
    void write_pack(std::size_t items, std::size_t bytes) {
        SeededRandom random(next_pack_);
        Bytes value(bytes);
        random.fill(value);
        auto sink = backend_->create_pack(Domain::chunk, next_pack_);
        for (std::size_t item = 0; item < items; ++item) {
            std::memcpy(value.data(), &item, sizeof item);
            sink->append(value);
        }
        sink->finish(as_bytes("index"));
        CommitBatch batch = next_commit();
        batch.finished_packs.push_back(next_pack_);
        batch.changes.push_back({Table::packs, key_of(next_pack_++), to_bytes(as_bytes("row"))});
        backend_->append(batch);
    }
    CommitBatch next_commit() {
        return {.number = {backend_->last_commit().value + 1},
                .sealed_entry = Bytes(300, std::byte{7}),
                .finished_packs = {},
                .inline_packs = {},
                .changes = {}};
    }
    std::uint64_t take_pack_number() { return next_pack_++; }
    static Bytes key_of(std::uint64_t number) {
        Bytes key(8);
        for (unsigned i = 0; i < 8; ++i) key[i] = static_cast<std::byte>(number >> (56 - 8 * i));
        return key;
    }

  private:
    std::string path_;
    std::unique_ptr<Backend> backend_;
    std::uint64_t next_pack_ = 1;
};

void write_packs(benchmark::State& state) {
    Scratch scratch;
    for (auto step : state) scratch.write_pack(pack_items, value_bytes);
    state.SetBytesProcessed(
        static_cast<std::int64_t>(state.iterations() * pack_items * value_bytes));
}
BENCHMARK(write_packs)->Unit(benchmark::kMillisecond)->Iterations(8)->UseRealTime();

/// From the page cache; the argument is the size of the values.
void read_in_order(benchmark::State& state) {
    Scratch scratch;
    const auto bytes = static_cast<std::size_t>(state.range(0));
    const std::size_t items = (256u << 20) / bytes;
    scratch.write_pack(items, bytes);
    scratch.reopen();
    Buffer into;
    for (std::uint32_t item = 0; item < items; ++item)  // the page cache is warm after this
        scratch.backend().read(Domain::chunk, Location::of(1, item), into);
    std::uint32_t item = 0;
    for (auto step : state) {
        if (!scratch.backend().read(Domain::chunk, Location::of(1, item), into)) std::abort();
        item = (item + 1) % static_cast<std::uint32_t>(items);
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(read_in_order)->Arg(8 << 10)->Arg(64 << 10)->Arg(512 << 10)->UseRealTime();

void read_at_random(benchmark::State& state) {
    static std::unique_ptr<Scratch> scratch;
    if (state.thread_index() == 0) {
        scratch = std::make_unique<Scratch>();
        for (int pack = 0; pack < 8; ++pack) scratch->write_pack(512, value_bytes);
    }
    SeededRandom random(static_cast<std::uint64_t>(state.thread_index()));
    Buffer into;
    for (auto step : state) {
        const Location location =
            Location::of(1 + random.below(8), static_cast<std::uint32_t>(random.below(512)));
        if (!scratch->backend().read(Domain::chunk, location, into)) std::abort();
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations() * value_bytes));
    if (state.thread_index() == 0) scratch.reset();
}
BENCHMARK(read_at_random)->UseRealTime()->Threads(1)->Threads(2);

/// As a source that changes little: one small pack, its index rows and a record in each commit.
void small_commits(benchmark::State& state) {
    Scratch scratch;
    SeededRandom random(1);
    for (auto step : state) {
        CommitBatch batch = scratch.next_commit();
        const std::uint64_t pack = scratch.take_pack_number();
        InlinePack small{.number = pack, .domain = Domain::node, .items = {}, .sealed_index = {}};
        for (int item = 0; item < 4; ++item) {
            small.items.emplace_back(2000);
            random.fill(small.items.back());
            Bytes id(33);
            random.fill(id);
            batch.changes.push_back({Table::index, id, Bytes(24)});
        }
        small.sealed_index.resize(200);
        batch.inline_packs.push_back(std::move(small));
        batch.changes.push_back({Table::packs, Scratch::key_of(pack), Bytes(40)});
        batch.changes.push_back({Table::catalog, Scratch::key_of(pack), Bytes(200)});
        scratch.backend().append(batch);
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(small_commits)->Iterations(10000)->UseRealTime();

/// As many short runs: open, one small commit, close. The argument says how many came before.
void open_commit_close(benchmark::State& state) {
    Scratch scratch;
    const auto run = [&] {
        CommitBatch batch = scratch.next_commit();
        const std::uint64_t pack = scratch.take_pack_number();
        batch.inline_packs.push_back({.number = pack,
                                      .domain = Domain::node,
                                      .items = {Bytes(2000)},
                                      .sealed_index = Bytes(200)});
        batch.changes.push_back({Table::packs, Scratch::key_of(pack), Bytes(40)});
        scratch.backend().append(batch);
        scratch.reopen();
    };
    for (std::int64_t i = 0; i < state.range(0); ++i) run();
    for (auto step : state) run();
    Buffer into;
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 1000; ++i)
        if (!scratch.backend().read(Domain::node, Location::of(1, 0), into)) std::abort();
    const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - start;
    state.counters["read_us"] = took.count() / 1000;
}
BENCHMARK(open_commit_close)
    ->Arg(0)
    ->Arg(300)
    ->Arg(1000)
    ->Iterations(20)
    ->Unit(benchmark::kMillisecond)
    ->UseRealTime();

/// The first backup asks for every object and finds none.
void look_up_what_is_absent(benchmark::State& state) {
    Scratch scratch;
    SeededRandom random(1);
    for (int round = 0; round < 20; ++round) {
        CommitBatch batch = scratch.next_commit();
        for (int row = 0; row < 50'000; ++row) {
            Bytes id(33);
            random.fill(id);
            batch.changes.push_back({Table::index, std::move(id), Bytes(24)});
        }
        scratch.backend().append(batch);
    }
    Bytes id(33);
    for (auto step : state) {
        random.fill(MutableBytes(id).first(8));
        if (scratch.backend().get(Table::index, id)) std::abort();
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(look_up_what_is_absent)->UseRealTime();

}  // namespace

BENCHMARK_MAIN();
