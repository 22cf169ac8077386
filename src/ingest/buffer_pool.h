// SPDX-License-Identifier: Apache-2.0
/// Buffers of one size that are used again: fresh ones of a megabyte cost a page fault every 4 KiB.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/guarded.h>

#include <memory>
#include <vector>

namespace yore::ingest {

/// Any thread. Buffers may outlive it.
class BufferPool {
  public:
    explicit BufferPool(std::size_t capacity)
        : free_(std::make_shared<Free>()), capacity_(capacity) {}

    std::size_t capacity() const { return capacity_; }
    /// Comes back when its last owner lets go of it. Its bytes start undefined.
    std::shared_ptr<Buffer> take() {
        std::unique_ptr<Buffer> buffer = free_->with([](auto& buffers) {
            if (buffers.empty()) return std::unique_ptr<Buffer>();
            auto last = std::move(buffers.back());
            buffers.pop_back();
            return last;
        });
        if (!buffer) buffer = std::make_unique<Buffer>(capacity_);
        return {buffer.release(), [free = free_](Buffer* used) {
                    free->with([used](auto& buffers) { buffers.emplace_back(used); });
                }};
    }

  private:
    using Free = Guarded<std::vector<std::unique_ptr<Buffer>>>;
    std::shared_ptr<Free> free_;
    std::size_t capacity_;
};

}  // namespace yore::ingest
