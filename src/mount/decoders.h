// SPDX-License-Identifier: Apache-2.0
/// Threads that decode chunks before they are asked for. What they decode lands in the cache.
#pragma once

#include <yore/store/object_cache.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

namespace yore::mount {

class Decoders {
  public:
    Decoders(const store::ObjectCache&, unsigned threads);
    ~Decoders();
    /// Forgotten when too many wait: the reader then decodes it itself.
    void want(const ChunkId&);

  private:
    void run(const std::stop_token&);

    const store::ObjectCache& cache_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<ChunkId> wanted_;
    std::vector<std::jthread> threads_;
};

}  // namespace yore::mount
