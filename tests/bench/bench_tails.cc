// SPDX-License-Identifier: Apache-2.0
/// Appends to a log tail, beside plain writes of the same sizes with fdatasync in the same run.
///
/// `YORE_BENCH_DIRECTORY` says where (default: the temporary directory), `YORE_BENCH_WAL` names a
/// file whose bytes are appended over and over (default: made up ones that compress fourfold).
/// The counters p50_us, p99_us and max_us are of single appends.
#include <yore/base/file.h>
#include <yore/base/random.h>
#include <yore/store/rocks_backend.h>
#include <yore/store/store.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

using namespace yore;
using namespace yore::store;

namespace {

constexpr std::size_t segment_bytes = 16u << 20;
const SystemClock system_clock;

class Directory {
  public:
    Directory() {
        const char* given = std::getenv("YORE_BENCH_DIRECTORY");
        std::string pattern =
            (given ? std::filesystem::path(given) : std::filesystem::temp_directory_path()) /
            "yore-bench-XXXXXX";
        if (::mkdtemp(pattern.data()) == nullptr) std::abort();
        path_ = pattern;
    }
    Directory(const Directory&) = delete;
    Directory& operator=(const Directory&) = delete;
    ~Directory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

/// A segment's worth of log.
const Bytes& log_bytes() {
    static const Bytes bytes = [] {
        Bytes made;
        if (const char* file = std::getenv("YORE_BENCH_WAL")) made = *read_file(file);
        SeededRandom random(1);
        while (made.size() < segment_bytes) {
            const std::string record = fmt::format("{:08x}{}{}", random.below(1u << 31),
                                                   std::string(40, '\0'), made.size());
            made.insert(made.end(), as_bytes(record).begin(), as_bytes(record).end());
        }
        made.resize(segment_bytes);
        return made;
    }();
    return bytes;
}

/// The next piece of a log that repeats.
ByteView piece_at(std::uint64_t position, std::size_t size) {
    return ByteView(log_bytes()).subspan(position % segment_bytes, size);
}

class Latencies {
  public:
    template <typename Step>
    void measure(Step&& step) {
        const auto start = std::chrono::steady_clock::now();
        step();
        const std::chrono::duration<double, std::micro> took =
            std::chrono::steady_clock::now() - start;
        us_.push_back(took.count());
    }
    void report(benchmark::State& state) {
        std::ranges::sort(us_);
        const auto at = [&](double part) {
            return us_[static_cast<std::size_t>(part * static_cast<double>(us_.size() - 1))];
        };
        state.counters["p50_us"] = at(0.5);
        state.counters["p99_us"] = at(0.99);
        state.counters["max_us"] = us_.back();
        state.SetItemsProcessed(static_cast<std::int64_t>(us_.size()));
        state.SetBytesProcessed(static_cast<std::int64_t>(us_.size()) * state.range(0));
    }

  private:
    std::vector<double> us_;
};

class PlainFile {
  public:
    explicit PlainFile(const std::string& path)
        : fd_(::open(path.c_str(), O_CREAT | O_WRONLY | O_CLOEXEC, 0600)) {
        if (fd_ < 0) std::abort();
    }
    PlainFile(const PlainFile&) = delete;
    PlainFile& operator=(const PlainFile&) = delete;
    ~PlainFile() { ::close(fd_); }
    void write(ByteView bytes, off_t at) const {
        if (::pwrite(fd_, bytes.data(), bytes.size(), at) < 0) std::abort();
    }
    void sync() const {
        if (::fdatasync(fd_) != 0) std::abort();
    }

  private:
    int fd_;
};

void write_and_sync(benchmark::State& state) {
    const Directory directory;
    const PlainFile file(directory.path() + "/log");
    const auto size = static_cast<std::size_t>(state.range(0));
    Latencies latencies;
    std::uint64_t position = 0;
    for (auto step : state) {
        latencies.measure([&] {
            file.write(piece_at(position, size), static_cast<off_t>(position));
            file.sync();
        });
        position += size;
    }
    latencies.report(state);
}

/// What a head of tails would cost that is synced with each piece.
void write_and_sync_and_head(benchmark::State& state) {
    const Directory directory;
    const PlainFile file(directory.path() + "/log"), head(directory.path() + "/head");
    const auto size = static_cast<std::size_t>(state.range(0));
    head.write(Bytes(4096), 0);
    head.sync();
    Latencies latencies;
    std::uint64_t position = 0;
    for (auto step : state) {
        latencies.measure([&] {
            file.write(piece_at(position, size), static_cast<off_t>(position));
            file.sync();
            head.write(piece_at(position, 40), 0);
            head.sync();
        });
        position += size;
    }
    latencies.report(state);
}

Keys new_keys() {
    SystemRandom random;
    Keys keys;
    random.fill(keys.repository.bytes);
    keys.encryption = Encryption::aes_256_gcm;
    for (auto* key : {&keys.chunk_ids, &keys.node_ids, &keys.gear, &keys.seals, &keys.commits,
                      &keys.records, &keys.tails, &keys.inodes})
        *key = crypto::SecretKey::random(random);
    return keys;
}

/// Each 16 MiB a commit takes away what was appended, as it does when a segment is whole.
void append_to_tail(benchmark::State& state) {
    const Directory directory;
    create_rocks_backend(directory.path() + "/r");
    Store store(open_rocks_backend(directory.path() + "/r"), new_keys(), {.writer = "bench"},
                system_clock);
    const auto size = static_cast<std::size_t>(state.range(0));
    Latencies latencies;
    std::uint64_t position = 0;
    {
        Tail tail = store.open_tail({1, 1});
        for (auto step : state) {
            latencies.measure([&] { tail.append(position, piece_at(position, size)); });
            position += size;
            if (position % segment_bytes != 0) continue;
            const TailDrop drop{{1, 1}, position};
            store.commit({}, {&drop, 1});
        }
    }
    latencies.report(state);
    const auto start = std::chrono::steady_clock::now();
    std::size_t pieces = 0;
    store.read_tail({1, 1}, 0, [&](std::uint64_t, ByteView) { return ++pieces != 0; });
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - start;
    state.counters["read_back_ms"] = took.count();
    state.counters["read_back_pieces"] = static_cast<double>(pieces);
    state.counters["repository_mb"] = static_cast<double>(store.stats().backend_bytes) / 1e6;
}

void sizes(benchmark::internal::Benchmark* bench) {
    bench->UseRealTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK(write_and_sync)->Apply(sizes)->Arg(1 << 10)->Iterations(5000);
BENCHMARK(append_to_tail)->Apply(sizes)->Arg(1 << 10)->Iterations(5000);
BENCHMARK(write_and_sync_and_head)->Apply(sizes)->Arg(1 << 10)->Iterations(5000);
BENCHMARK(write_and_sync)->Apply(sizes)->Arg(64 << 10)->Iterations(4000);
BENCHMARK(append_to_tail)->Apply(sizes)->Arg(64 << 10)->Iterations(4000);
BENCHMARK(write_and_sync_and_head)->Apply(sizes)->Arg(64 << 10)->Iterations(4000);
BENCHMARK(write_and_sync)->Apply(sizes)->Arg(1 << 20)->Iterations(600);
BENCHMARK(append_to_tail)->Apply(sizes)->Arg(1 << 20)->Iterations(600);
BENCHMARK(write_and_sync_and_head)->Apply(sizes)->Arg(1 << 20)->Iterations(600);

/// Sealing and compression alone: nothing is synced.
void seal_in_memory(benchmark::State& state) {
    Store store(make_memory_backend(), new_keys(), {.writer = "bench"}, system_clock);
    const auto size = static_cast<std::size_t>(state.range(0));
    std::uint64_t position = 0, stored_bytes = 0, pieces = 0;
    Tail tail = store.open_tail({1, 1});
    for (auto step : state) {
        tail.append(position, piece_at(position, size));
        position += size;
        ++pieces;
        if (position % segment_bytes != 0) continue;
        state.PauseTiming();
        stored_bytes += store.stats().tail_stored_bytes;
        const TailDrop drop{{1, 1}, position};
        store.commit({}, {&drop, 1});
        state.ResumeTiming();
    }
    stored_bytes += store.stats().tail_stored_bytes;
    state.SetBytesProcessed(static_cast<std::int64_t>(position));
    state.counters["stored_part"] =
        static_cast<double>(stored_bytes) / static_cast<double>(position);
}
BENCHMARK(seal_in_memory)->Arg(1 << 10)->Arg(8 << 10)->Arg(64 << 10)->Arg(1 << 20);

}  // namespace

BENCHMARK_MAIN();
