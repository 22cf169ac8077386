// SPDX-License-Identifier: Apache-2.0
// Reading PostgreSQL's log, beside the checksum alone over the same bytes, which nothing that
// checks the log can beat. YORE_BENCH_WAL names a segment of a real log; without it, records of
// typical lengths are made.
#include <yore/base/crc32c.h>

#include <cstdlib>
#include <fstream>
#include <iterator>

#include <benchmark/benchmark.h>

#include "../postgresql/wal_builder.h"

using namespace yore;
using namespace yore::postgresql;

namespace {

struct Log {
    WalStream stream;
    Lsn start;
    Bytes bytes;
};

Log real_log(const char* path) {
    std::ifstream file(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    const SegmentHeader header = parse_segment_header(as_bytes(text), path);
    return {{header.major_version, header.system_identifier, header.segment_size,
             header.block_bytes, header.timeline},
            header.start,
            to_bytes(as_bytes(text))};
}

/// As pgbench's: short records of heap and index, a commit now and then, images of pages.
Log made_log() {
    test::WalBuilder wal(test::small_stream(), Lsn{1u << 20});
    for (std::uint32_t i = 0; wal.bytes().size() < 15u << 20; ++i) {
        for (std::size_t bytes : {48, 55, 48, 54, 40, 130}) wal.heap(bytes);
        wal.commit(i, i);
        if (i % 20 == 0) wal.heap(7800);
    }
    return {wal.stream(), wal.start(), to_bytes(wal.bytes())};
}

const Log& shared_log() {
    static const Log log = [] {
        const char* path = std::getenv("YORE_BENCH_WAL");
        return path ? real_log(path) : made_log();
    }();
    return log;
}

struct Counter final : WalListener {
    std::int64_t records = 0, facts = 0;
    void on_record(const WalRecord&, const WalFact* fact) override {
        ++records;
        facts += fact != nullptr;
    }
};

void set_bytes(benchmark::State& state) {
    state.SetBytesProcessed(state.iterations() *
                            static_cast<std::int64_t>(shared_log().bytes.size()));
}

void sum_alone(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(crc32c(shared_log().bytes));
    set_bytes(state);
}

void read_in_pieces(benchmark::State& state) {
    const Log& log = shared_log();
    const auto piece_bytes = static_cast<std::size_t>(state.range(0));
    Counter counter;
    for (auto _ : state) {
        WalReader reader(log.stream, log.start);
        for (ByteView rest = log.bytes; !rest.empty();) {
            const auto piece = rest.first(std::min(piece_bytes, rest.size()));
            reader.feed(piece, counter);
            rest = rest.subspan(piece.size());
        }
        if (reader.stop()) state.SkipWithError(reader.stop()->text.c_str());
    }
    set_bytes(state);
    state.counters["records"] =
        benchmark::Counter(static_cast<double>(counter.records), benchmark::Counter::kIsRate);
}

void keep_state(benchmark::State& state) {
    const Log& log = shared_log();
    Counter counter;
    WalReader reader(log.stream, log.start);
    reader.feed(ByteView(log.bytes).first(log.bytes.size() / 2), counter);
    for (auto _ : state) benchmark::DoNotOptimize(reader.state());
}

}  // namespace

BENCHMARK(sum_alone);
BENCHMARK(read_in_pieces)->Arg(16 << 20)->Arg(128 << 10)->Arg(1000);
BENCHMARK(keep_state);
BENCHMARK_MAIN();
