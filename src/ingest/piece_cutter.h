// SPDX-License-Identifier: Apache-2.0
/// Cuts runs of a file's bytes into pieces while they are read, and sends them.
#pragma once

#include <yore/chunker/chunker.h>

#include <functional>

#include "ingest/outbox.h"

namespace yore::ingest {

/// Bytes of a file that lie together: [start, end).
struct ByteRun {
    std::uint64_t start = 0, end = 0;
    std::uint64_t size() const { return end - start; }
};

/// One thread. A run begins anew: no piece spans a hole.
class PieceCutter {
  public:
    /// Fills `into` from `offset`; less than asked for only at the end of the file.
    using Read = std::function<std::size_t(std::uint64_t offset, MutableBytes into)>;
    using HintsAt = std::function<store::ChunkHints(std::uint64_t offset)>;

    PieceCutter(Outbox&, const chunker::FastCdc&);

    /// Returns the bytes sent: less than the run when `read` ends before. Stopped: `cancelled`.
    std::uint64_t send(ByteRun, chunker::Cutting, const Read&, const HintsAt&);

  private:
    struct Filled;
    std::size_t piece_size(const Filled&, std::size_t at, chunker::Cutting) const;
    void fill(Filled&, ByteRun, const Read&);
    std::size_t send_pieces(Filled&, chunker::Cutting, const HintsAt&);

    Outbox& outbox_;
    const chunker::FastCdc& cdc_;
    BufferPool buffers_;
};

}  // namespace yore::ingest
