// SPDX-License-Identifier: Apache-2.0
/// A few idle objects that are dear to make, lent to whichever thread asks. Lock-free.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

namespace yore::store {

/// `T` is default-constructible. More than `kept` at once work, but are made anew each time.
template <typename T>
class Pool {
  public:
    static constexpr std::size_t kept = 16;

    Pool() = default;
    ~Pool() {
        for (auto& slot : slots_) delete slot.load();
    }

    class Lease {
      public:
        Lease(Pool& pool, std::unique_ptr<T> item) : pool_(pool), item_(std::move(item)) {}
        Lease(const Lease&) = delete;
        Lease& operator=(const Lease&) = delete;
        ~Lease() { pool_.give_back(std::move(item_)); }
        T& operator*() { return *item_; }
        T* operator->() { return item_.get(); }

      private:
        Pool& pool_;
        std::unique_ptr<T> item_;
    };
    Lease take() {
        for (std::size_t i = 0, start = first_slot(); i < kept; ++i) {
            auto& slot = slots_[(start + i) % kept];
            if (slot.load(std::memory_order_relaxed) == nullptr) continue;
            if (T* item = slot.exchange(nullptr, std::memory_order_acquire)) {
                return Lease(*this, std::unique_ptr<T>(item));
            }
        }
        return Lease(*this, std::make_unique<T>());
    }

  private:
    /// Threads start at different slots, so that they mostly meet their own object again.
    static std::size_t first_slot() {
        return std::hash<std::thread::id>{}(std::this_thread::get_id()) % kept;
    }
    void give_back(std::unique_ptr<T> item) {
        for (std::size_t i = 0, start = first_slot(); i < kept; ++i) {
            auto& slot = slots_[(start + i) % kept];
            T* expected = nullptr;
            if (slot.compare_exchange_strong(expected, item.get(), std::memory_order_release,
                                             std::memory_order_relaxed)) {
                item.release();
                return;
            }
        }
    }

    std::array<std::atomic<T*>, kept> slots_{};
};

}  // namespace yore::store
