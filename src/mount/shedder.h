// SPDX-License-Identifier: Apache-2.0
/// Brings the inode table back to its budget: has the kernel let go of what was not used lately.
///
/// On a thread of its own, since the kernel waits for requests that are on their way in the same
/// directory. Who walks fast gets ahead of it; it goes on when the walk is over.
#pragma once

#include <yore/store/object_cache.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>
#include <vector>

#include "mount/inode_table.h"

struct fuse_session;

namespace yore::mount {

class Shedder {
  public:
    Shedder(InodeTable&, const store::ObjectCache&, std::uint64_t budget);
    ~Shedder() { stop(); }

    void start(fuse_session*);
    void stop();
    /// After what may have added inodes. Any thread; costs nothing within the budget.
    void look();

  private:
    void run(const std::stop_token&);
    void come_down(const std::stop_token&);
    std::size_t let_go(const std::vector<InodeTable::Cold>&);

    InodeTable& inodes_;
    const store::ObjectCache& cache_;
    const std::uint64_t budget_;
    fuse_session* session_ = nullptr;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::atomic<bool> wanted_{false};
    std::jthread thread_;
};

}  // namespace yore::mount
