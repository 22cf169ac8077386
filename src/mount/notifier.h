// SPDX-License-Identifier: Apache-2.0
/// Tells the kernel what to forget or to keep, from a thread that answers no requests.
///
/// A notification takes locks of the kernel (of a directory, of pages) that a request may hold
/// while it waits for its answer. Sent by a thread that answers requests, it can wait for itself.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "mount/inode_table.h"
#include "mount/reply.h"

struct fuse_session;

namespace yore::mount {

class Notifier {
  public:
    Notifier() = default;
    ~Notifier() { stop(); }

    void start(fuse_session*);
    void stop();

    /// The kernel forgets what this name leads to.
    void forget_name(NodeNumber directory, std::string name);
    /// The kernel forgets attributes and pages of this inode; of a directory, its listing.
    void forget_inode(NodeNumber);
    /// Puts bytes into the page cache. Dropped when many wait: it only saves work.
    void keep_pages(NodeNumber, Surplus);

  private:
    using Task = std::function<void(fuse_session*)>;
    void push(Task);
    void run(const std::stop_token&);

    fuse_session* session_ = nullptr;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<Task> tasks_;
    std::size_t surplus_waiting_ = 0;
    std::jthread thread_;
};

}  // namespace yore::mount
