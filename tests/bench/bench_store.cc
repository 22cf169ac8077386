// SPDX-License-Identifier: Apache-2.0
/// The store on one core: hashing, compressing and sealing chunks; reading them back.
#include <yore/store/object_cache.h>
#include <yore/store/rocks_backend.h>
#include <yore/store/store.h>

#include <filesystem>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

namespace {

using namespace yore;
using namespace yore::store;

constexpr std::size_t chunk_bytes = 128u << 10;
constexpr std::size_t block_bytes = 64u << 10;
const SystemClock system_clock;

Bytes random_bytes(std::size_t size, std::uint64_t seed) {
    Bytes bytes(size);
    SeededRandom(seed).fill(bytes);
    return bytes;
}

Bytes text_bytes(std::size_t size, std::uint64_t seed) {
    SeededRandom random(seed);
    Bytes bytes;
    while (bytes.size() < size) {
        const std::string line =
            fmt::format("static int field_{}(struct thing_{} *it, unsigned long n{});\n",
                        random.below(5000), random.below(300), random.below(10));
        bytes.insert(bytes.end(), as_bytes(line).begin(), as_bytes(line).end());
    }
    bytes.resize(size);
    return bytes;
}

/// Pages of 8 KiB as a table of accounts has them: rows of numbers, and filler.
Bytes page_bytes(std::size_t size, std::uint64_t seed) {
    SeededRandom random(seed);
    Bytes bytes(size);
    for (std::size_t page = 0; page < size; page += 8192) {
        for (std::size_t row = 128; row + 128 <= 8192; row += 128) {
            random.fill({bytes.data() + page + row, 12});
            std::memset(bytes.data() + page + row + 24, ' ', 84);
        }
    }
    return bytes;
}

/// A few numbers in three of eight pages.
Bytes changed_pages(Bytes bytes) {
    SeededRandom random(99);
    for (std::size_t page = 0; page < bytes.size(); page += 8192) {
        if (page / 8192 % 8 > 2) continue;
        for (int i = 0; i < 3; ++i) {
            random.fill({bytes.data() + page + 128 + 128 * random.below(60), 4});
        }
    }
    return bytes;
}

Keys keys(Encryption encryption) {
    SeededRandom random(1);
    Keys made;
    made.encryption = encryption;
    for (auto* key : {&made.chunk_ids, &made.node_ids, &made.gear, &made.seals, &made.commits,
                      &made.records, &made.tails, &made.inodes}) {
        *key = crypto::SecretKey::random(random);
    }
    return made;
}

struct Temporary {
    Temporary() {
        std::string pattern = std::filesystem::temp_directory_path() / "yore-bench-XXXXXX";
        path = ::mkdtemp(pattern.data());
    }
    ~Temporary() { std::filesystem::remove_all(path); }
    std::string path;
};

std::unique_ptr<Store> memory_store() {
    return std::make_unique<Store>(make_memory_backend(), keys(Encryption::aes_256_gcm),
                                   StoreOptions{}, system_clock);
}

void count_bytes(benchmark::State& state, std::size_t bytes_each) {
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes_each));
}

void prepare(benchmark::State& state, const Bytes& plain) {
    auto store = memory_store();
    auto writer = store->write();
    for (auto _ : state) benchmark::DoNotOptimize(writer->prepare_chunk(plain).stored_bytes());
    state.counters["stored"] = writer->prepare_chunk(plain).stored_bytes();
    count_bytes(state, plain.size());
}
BENCHMARK_CAPTURE(prepare, random_128k, random_bytes(chunk_bytes, 1));
BENCHMARK_CAPTURE(prepare, text_128k, text_bytes(chunk_bytes, 1));
BENCHMARK_CAPTURE(prepare, pages_64k, page_bytes(block_bytes, 1));
BENCHMARK_CAPTURE(prepare, text_4k, text_bytes(4096, 1));

void prepare_known(benchmark::State& state) {
    auto store = memory_store();
    auto writer = store->write();
    const Bytes plain = random_bytes(chunk_bytes, 1);
    writer->append(writer->prepare_chunk(plain));
    writer->commit({});
    for (auto _ : state) benchmark::DoNotOptimize(writer->prepare_chunk(plain).is_new());
    count_bytes(state, plain.size());
}
BENCHMARK(prepare_known);

void prepare_delta(benchmark::State& state) {
    auto store = memory_store();
    auto writer = store->write();
    const Bytes before = page_bytes(block_bytes, 1);
    const Bytes after = changed_pages(before);
    Prepared base = writer->prepare_chunk(before);
    const DeltaBase known{base.chunk_id(), std::make_shared<const Buffer>(Buffer::copy_of(before))};
    writer->append(std::move(base));
    writer->commit({});
    const ChunkHints hints{.base = [&] { return known; }};
    for (auto _ : state) {
        benchmark::DoNotOptimize(writer->prepare_chunk(after, hints).stored_bytes());
    }
    state.counters["stored"] = writer->prepare_chunk(after, hints).stored_bytes();
    count_bytes(state, after.size());
}
BENCHMARK(prepare_delta);

void get(benchmark::State& state, const Bytes& plain) {
    auto store = memory_store();
    auto writer = store->write();
    const ChunkId id = store->chunk_id(plain);
    writer->append(writer->prepare_chunk(plain));
    writer->commit({});
    for (auto _ : state) benchmark::DoNotOptimize(store->get(id).size());
    count_bytes(state, plain.size());
}
BENCHMARK_CAPTURE(get, random_128k, random_bytes(chunk_bytes, 1));
BENCHMARK_CAPTURE(get, text_128k, text_bytes(chunk_bytes, 1));
BENCHMARK_CAPTURE(get, pages_64k, page_bytes(block_bytes, 1));

void get_delta(benchmark::State& state) {
    auto store = memory_store();
    auto writer = store->write();
    const Bytes before = page_bytes(block_bytes, 1);
    const Bytes after = changed_pages(before);
    auto plain = std::make_shared<const Buffer>(Buffer::copy_of(before));
    writer->append(writer->prepare_chunk(before));
    writer->commit({});
    const ChunkHints hints{.base = [&] { return DeltaBase{store->chunk_id(before), plain}; }};
    writer->append(writer->prepare_chunk(after, hints));
    writer->commit({});
    const ChunkId id = store->chunk_id(after);
    auto from_cache = [&](const ChunkId&) { return plain; };
    for (auto _ : state) benchmark::DoNotOptimize(store->get(id, from_cache).size());
    count_bytes(state, after.size());
}
BENCHMARK(get_delta);

/// 512 MiB of random chunks through RocksDB: written by one thread, read back in order.
struct OnDisk {
    static constexpr int chunk_count = 4096;
    OnDisk() {
        create_rocks_backend(temporary.path + "/r");
        store =
            std::make_unique<Store>(open_rocks_backend(temporary.path + "/r"),
                                    keys(Encryption::aes_256_gcm), StoreOptions{}, system_clock);
    }
    void write_all(std::uint64_t round) {
        Bytes plain = random_bytes(chunk_bytes, round);
        auto writer = store->write();
        ids.clear();
        for (int i = 0; i < chunk_count; ++i) {
            std::memcpy(plain.data(), &i, sizeof i);
            Prepared prepared = writer->prepare_chunk(plain);
            ids.push_back(prepared.chunk_id());
            writer->append(std::move(prepared));
        }
        writer->commit({});
    }
    Temporary temporary;
    std::unique_ptr<Store> store;
    std::vector<ChunkId> ids;
};

void rocks_write(benchmark::State& state) {
    OnDisk disk;
    std::uint64_t round = 0;
    for (auto _ : state) disk.write_all(++round);
    count_bytes(state, OnDisk::chunk_count * chunk_bytes);
}
BENCHMARK(rocks_write)->Unit(benchmark::kMillisecond)->Iterations(2)->UseRealTime();

void rocks_get(benchmark::State& state) {
    OnDisk disk;
    disk.write_all(1);
    for (const ChunkId& id : disk.ids) (void)disk.store->get(id);  // into the page cache
    std::size_t next = 0;
    for (auto _ : state) {
        benchmark::DoNotOptimize(disk.store->get(disk.ids[next]).size());
        next = (next + 1) % disk.ids.size();
    }
    count_bytes(state, chunk_bytes);
}
BENCHMARK(rocks_get);

void cache_hit(benchmark::State& state) {
    auto store = memory_store();
    auto writer = store->write();
    const Bytes plain = text_bytes(chunk_bytes, 1);
    writer->append(writer->prepare_chunk(plain));
    writer->commit({});
    const ObjectCache cache(*store, 64u << 20);
    const ChunkId id = store->chunk_id(plain);
    for (auto _ : state) benchmark::DoNotOptimize(cache.chunk(id)->size());
}
BENCHMARK(cache_hit)->ThreadRange(1, 2);

}  // namespace

BENCHMARK_MAIN();
