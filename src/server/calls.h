// SPDX-License-Identifier: Apache-2.0
/// The calls in progress, and the one moment at which it is decided that no more are taken.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <vector>

namespace yore::server {

/// Any thread.
class Calls {
  public:
    enum class Ends : std::uint8_t {
        by_itself,
        when_stopped  ///< so a successor that waited for it would wait for ever
    };
    /// In progress as long as it lives.
    class Ticket {
      public:
        ~Ticket();
        /// Requested when everything is to stop, or by this call's own reasons.
        std::stop_source& stop() { return stop_; }
        /// It was stopped because a successor has asked to drain.
        bool drained() const { return drained_; }

      private:
        friend class Calls;
        Ticket(Calls& calls, std::string what, Ends ends)
            : calls_(calls), what_(std::move(what)), ends_(ends) {}
        Calls& calls_;
        const std::string what_;
        const Ends ends_;
        std::atomic<bool> drained_ = false;
        std::stop_source stop_;
    };

    /// No more calls are taken: nullptr.
    std::unique_ptr<Ticket> begin(std::string what, Ends = Ends::by_itself);
    /// Takes no more; those in progress go on, but for those that would not end by themselves.
    void drain();
    bool draining() const;
    /// Requested when drain() is called.
    std::stop_token drain_asked() const { return drain_asked_.get_token(); }
    /// Requested once drain() was called and the last call has ended.
    std::stop_token drained() const { return drained_.get_token(); }
    /// Waits until no call is in progress and `idle()` holds or all is drained, then takes no more.
    /// `idle` takes no lock that is held around begin() or changed().
    void close_when(const std::function<bool()>& idle);
    /// `idle()` may hold now.
    void changed();
    void stop_all();
    std::vector<std::string> in_progress() const;

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::list<Ticket*> tickets_;
    bool closed_ = false, draining_ = false;
    std::stop_source drain_asked_, drained_;
};

}  // namespace yore::server
