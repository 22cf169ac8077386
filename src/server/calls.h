// SPDX-License-Identifier: Apache-2.0
/// The calls in progress, and the one moment at which it is decided that no more are taken.
#pragma once

#include <condition_variable>
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
    /// In progress as long as it lives.
    class Ticket {
      public:
        ~Ticket();
        /// Requested when everything is to stop, or by this call's own reasons.
        std::stop_source& stop() { return stop_; }

      private:
        friend class Calls;
        Ticket(Calls& calls, std::string what) : calls_(calls), what_(std::move(what)) {}
        Calls& calls_;
        const std::string what_;
        std::stop_source stop_;
    };

    /// No more calls are taken: nullptr.
    std::unique_ptr<Ticket> begin(std::string what);
    /// Takes no more; those in progress go on.
    void drain();
    bool draining() const;
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
    std::stop_source drained_;
};

}  // namespace yore::server
