// SPDX-License-Identifier: Apache-2.0
// Bytes cut a second by one core, in memory. `mean` is the mean length of the chunks.
#include <yore/base/random.h>
#include <yore/chunker/chunker.h>

#include <benchmark/benchmark.h>

namespace {

using namespace yore;

Buffer random_bytes(std::size_t size) {
    Buffer data(size);
    SeededRandom(1).fill(data.span());
    return data;
}

void cut_all(benchmark::State& state, ByteView data, const chunker::Sizes& sizes) {
    const chunker::GearTable gear(crypto::SecretKey{});
    const chunker::FastCdc cdc(gear, sizes);
    std::uint64_t chunks = 0;
    for (auto _ : state) {
        for (std::size_t at = 0; at < data.size(); ++chunks) at += cdc.cut(data.subspan(at));
    }
    const auto bytes = static_cast<std::uint64_t>(state.iterations()) * data.size();
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
    state.counters["mean"] = static_cast<double>(bytes) / static_cast<double>(chunks);
}

void random_data(benchmark::State& state) {
    const Buffer data = random_bytes(64u << 20);
    const auto average = static_cast<std::uint32_t>(state.range(0)) << 10;
    cut_all(state, data, {average / 4, average, average * 4});
}
BENCHMARK(random_data)->Arg(32)->Arg(64)->Arg(128)->Arg(256);

/// No cut anywhere: every byte up to `max` is looked at.
void constant_data(benchmark::State& state) {
    Buffer data(64u << 20);
    std::memset(data.data(), 'a', data.size());
    cut_all(state, data, {});
}
BENCHMARK(constant_data);

void make_table(benchmark::State& state) {
    const crypto::SecretKey key;
    for (auto _ : state) benchmark::DoNotOptimize(chunker::GearTable(key).words().data());
}
BENCHMARK(make_table);

}  // namespace

BENCHMARK_MAIN();
