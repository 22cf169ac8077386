// SPDX-License-Identifier: Apache-2.0
#include "mount/decoders.h"

#include <yore/base/error.h>

namespace yore::mount {
namespace {

constexpr std::size_t wanted_max = 1024;

}  // namespace

Decoders::Decoders(const store::ObjectCache& cache, unsigned threads) : cache_(cache) {
    for (unsigned i = 0; i < threads; ++i)
        threads_.emplace_back([this](const std::stop_token& stop) { run(stop); });
}

Decoders::~Decoders() {
    for (std::jthread& thread : threads_) thread.request_stop();
}

void Decoders::want(const ChunkId& id) {
    {
        std::scoped_lock lock(mutex_);
        if (wanted_.size() >= wanted_max) return;
        wanted_.push_back(id);
    }
    changed_.notify_one();
}

void Decoders::run(const std::stop_token& stop) {
    while (true) {
        ChunkId id;
        {
            std::unique_lock lock(mutex_);
            if (!changed_.wait(lock, stop, [&] { return !wanted_.empty(); })) return;
            id = wanted_.front();
            wanted_.pop_front();
        }
        try {
            cache_.chunk(id);
        } catch (const Error&) {
            // Who reads it meets the same error, and answers and logs it.
        }
    }
}

}  // namespace yore::mount
