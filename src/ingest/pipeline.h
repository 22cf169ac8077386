// SPDX-License-Identifier: Apache-2.0
/// From the walk to the packs: pieces are hashed, compressed and sealed on all cores, and come out
/// in the order in which they went in.
///
/// One thread, the walk, submits; it spends its time in system calls and may sleep in them. Each
/// worker takes the oldest parcel that nobody has, prepares its piece, and if the front of the line
/// is ready and nobody is delivering, delivers as far as it is. So there is no thread that only
/// waits, a slow disk stops nothing but the walk, and memory is bounded by the bytes in the line.
/// (A task pipeline that pulls its input, like oneTBB's, would need the walk turned inside out, and
/// a walk that sleeps in a read would hold one of its workers.)
#pragma once

#include <yore/store/store.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <stop_token>
#include <thread>
#include <vector>

#include "ingest/steps.h"

namespace yore::ingest {

class Pipeline {
  public:
    struct Options {
        unsigned workers = 1;
        std::size_t bytes_max = 32u << 20;  ///< plain bytes in the line
        std::size_t parcels_max = 4096;
    };
    /// Called in order, by one thread at a time, with `prepared` set where there is a piece.
    using Deliver = std::function<void(Parcel&&)>;

    Pipeline(store::Writer&, Options, Deliver);
    /// What was not delivered is dropped.
    ~Pipeline();

    /// Waits while the line is full. Throws what a worker met first; stopped: Errc::cancelled.
    void submit(Parcel&&, const std::stop_token&);
    /// Waits until all is delivered. Throws likewise.
    void finish(const std::stop_token&);
    /// Drops what was not delivered; waits for what is in work. Only destruction may follow.
    void abandon();

  private:
    struct Slot {
        Parcel parcel;
        bool ready = false;
    };
    void work();
    void prepare(Parcel&);
    void deliver_ready(std::unique_lock<std::mutex>&);
    void fail(std::exception_ptr);
    void check(const std::stop_token&) const;

    store::Writer& writer_;
    const Options options_;
    const Deliver deliver_;

    std::mutex mutex_;  ///< of all below; not held while preparing or delivering
    std::condition_variable work_;
    std::condition_variable_any room_;
    std::deque<Slot> line_;
    std::size_t taken_ = 0;  ///< so many at the front of the line are ready or in work
    std::size_t bytes_ = 0;
    bool delivering_ = false;
    bool ending_ = false;
    std::exception_ptr failure_;
    std::vector<std::jthread> workers_;
};

}  // namespace yore::ingest
