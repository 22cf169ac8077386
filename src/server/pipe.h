// SPDX-License-Identifier: Apache-2.0
/// Bytes from the connection that sends a command's input to the command, a few at a time.
#pragma once

#include <yore/base/bytes.h>

#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace yore::server {

/// One writer and one reader, each on a thread of its own.
class Pipe {
  public:
    /// Blocks while 1 MiB waits to be read. The reader has gone: false.
    bool write(ByteView);
    enum class End { whole, broken };
    /// The last of the writer.
    void end(End);

    /// 0 bytes: the whole has been read. A broken end, or stopped: throws `cancelled`.
    std::size_t read(MutableBytes into, const std::stop_token&);
    /// The last of the reader.
    void abandon();

  private:
    /// The reader takes all that waits at once, so that the two meet seldom.
    void take(const std::stop_token&);

    std::mutex mutex_;
    std::condition_variable_any changed_;
    Bytes waiting_;
    bool ended_ = false, broken_ = false, abandoned_ = false;

    // The reader's own.
    Bytes taken_;
    std::size_t read_ = 0;  ///< of `taken_`
};

}  // namespace yore::server
