// SPDX-License-Identifier: Apache-2.0
/// What the programs share that open moments of a long history on a disk: 10^8 restore points in
/// 100,000 segments.
///
/// YORE_BENCH_HISTORY=DIR: the history is made there once (a GB, minutes) and used again.
/// YORE_BENCH_SEGMENTS: another number of segments.
/// Cold: new caches each time and, as root, nothing in the page cache.
#pragma once

#include <yore/catalog/log.h>
#include <yore/format/restore_points.h>
#include <yore/store/rocks_backend.h>
#include <yore/view/log_replay.h>
#include <yore/view/view.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <benchmark/benchmark.h>
#include <unistd.h>

namespace yore::bench {

constexpr std::int64_t points_each = 1000, first_second = 1'700'000'000;
constexpr std::int64_t point_ns = 1'000'000;
inline const SystemClock system_clock;

inline std::int64_t segment_count() {
    const char* wanted = std::getenv("YORE_BENCH_SEGMENTS");
    return wanted != nullptr ? std::atoll(wanted) : 100'000;
}

inline store::Keys keys() {
    SeededRandom random(1);
    store::Keys made;
    for (auto* key : {&made.chunk_ids, &made.node_ids, &made.gear, &made.seals, &made.commits,
                      &made.records, &made.tails, &made.inodes})
        *key = crypto::SecretKey::random(random);
    return made;
}

inline std::string directory() {
    const char* wanted = std::getenv("YORE_BENCH_HISTORY");
    return wanted != nullptr ? wanted : "";
}

inline std::unique_ptr<store::Store> open() {
    return std::make_unique<store::Store>(store::open_rocks_backend(directory()), keys(),
                                          store::StoreOptions{}, system_clock);
}

/// Of the restore point with this number.
inline Timestamp time_of(std::int64_t point) {
    return Timestamp::from_seconds(first_second) + Duration{point * point_ns};
}

inline std::int64_t random_point(SeededRandom& random) {
    return static_cast<std::int64_t>(
        random.below(static_cast<std::uint64_t>(segment_count() * points_each)));
}

/// A repository as a mount has it open.
struct Opened {
    std::unique_ptr<store::Store> store = open();
    catalog::Catalog catalog{*store};
    store::ObjectCache cache{*store, 256u << 20};
    view::LogReplay replay{catalog, cache};
    view::View view{catalog, cache, system_clock, &replay};

    /// What `ls MOUNT/PATH` asks for; how many names it gets.
    std::size_t list(const std::string& path) const {
        const auto node = view.resolve(path);
        std::size_t count = 0;
        if (node) view.list(*node, 0, [&](const view::Listing&) { return ++count > 0; });
        return count;
    }
};

inline void drop_page_cache() {
    ::sync();
    std::ofstream("/proc/sys/vm/drop_caches") << "3";
}

/// Each time with new caches; `ask` says whether it got what was stored.
template <typename Ask>
void ask_cold(benchmark::State& state, const Ask& ask) {
    SeededRandom random(7);
    for (auto _ : state) {
        state.PauseTiming();
        auto opened = std::make_unique<Opened>();
        drop_page_cache();
        const std::int64_t point = random_point(random);
        state.ResumeTiming();
        if (!ask(*opened, point)) state.SkipWithError("not the tree that was stored");
        state.PauseTiming();
        opened.reset();
        state.ResumeTiming();
    }
}

/// `make` writes the history into a new repository.
template <typename Make>
int run(int count, char** arguments, const Make& make) {
    if (directory().empty()) {
        std::cerr << "set YORE_BENCH_HISTORY to a directory, or to where it shall be made\n";
        return 1;
    }
    if (!std::filesystem::exists(directory())) {
        store::create_rocks_backend(directory());
        make();
    }
    benchmark::Initialize(&count, arguments);
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}

}  // namespace yore::bench
