// SPDX-License-Identifier: Apache-2.0
/// What a running snapshot did so far, and the thread that tells of it.
#pragma once

#include <yore/ingest/snapshot_job.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace yore::ingest {

/// Written by one thread, read by any.
class Counter {
  public:
    void add(std::uint64_t count) {
        value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
    }
    std::uint64_t get() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

struct Counters {
    // By the walk.
    Counter files, directories, files_unchanged, bytes, bytes_read, problems;
    // By whoever delivers: one thread at a time.
    Counter bytes_new, bytes_stored;
};

/// Calls `SnapshotOptions::progress` a few times a second, and once more at its end.
class ProgressTicker {
  public:
    ProgressTicker(const Counters&, std::optional<std::uint64_t> bytes_expected,
                   const std::function<void(const Progress&)>& tell);
    ~ProgressTicker();

  private:
    void tell() const;

    const Counters& counters_;
    std::optional<std::uint64_t> bytes_expected_;
    const std::function<void(const Progress&)>& tell_;
    std::mutex mutex_;
    std::condition_variable_any wake_;
    std::jthread thread_;
};

/// Collects what could not be kept as it was. One thread, the walk's.
class Problems {
  public:
    Problems(Counters& counters, const std::function<void(const catalog::Problem&)>& tell)
        : counters_(counters), tell_(tell) {}
    void add(std::string_view path, std::string text);
    /// The first of them, as many as a record holds.
    std::vector<catalog::Problem> take() { return std::move(first_); }

  private:
    Counters& counters_;
    const std::function<void(const catalog::Problem&)>& tell_;
    std::vector<catalog::Problem> first_;
};

}  // namespace yore::ingest
