// SPDX-License-Identifier: Apache-2.0
/// Tells sequential readers of a file from random ones, and how far ahead to decode for them.
///
/// The kernel reads ahead for sequential readers in large READs, several at a time, which worker
/// threads may see in another order; what comes in small READs at other places is random. One
/// file may have several readers, each with its own stream. One thread at a time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace yore::mount {

struct Range {
    std::uint64_t begin = 0, end = 0;
    bool operator==(const Range&) const = default;
};

class Streams {
  public:
    struct Advice {
        bool sequential = false;
        std::optional<Range> decode;  ///< not asked for before
    };
    /// A READ of [begin, end) arrived; it is not empty.
    Advice note(Range read);

  private:
    struct Stream {
        std::uint64_t expected = 0;    ///< where the reader is
        std::uint64_t decoded_to = 0;  ///< asked of the decoders up to here
        std::uint64_t window = 0;      ///< how far ahead; 0: not sequential yet
        std::uint64_t last_use = 0;    ///< 0: free
    };
    Stream* find(Range read);
    Stream& replace_oldest(Range read);

    std::array<Stream, 8> streams_;
    std::uint64_t uses_ = 0;
};

}  // namespace yore::mount
