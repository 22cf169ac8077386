// SPDX-License-Identifier: Apache-2.0
/// The walk's end of the pipeline: collects steps into parcels, and small files into groups.
#pragma once

#include <functional>
#include <stop_token>

#include "ingest/buffer_pool.h"
#include "ingest/group_rule.h"
#include "ingest/pipeline.h"

namespace yore::ingest {

/// One thread. Each call may wait for room in the pipeline and throws what that throws.
class Outbox {
  public:
    /// `pause_point` as in SnapshotOptions; may be empty.
    Outbox(Pipeline&, const GroupRule&, std::function<void()> pause_point, std::stop_token);

    void send(Step&&);
    void send(Piece&&);
    /// Adds a file whose `content`, its data without holes, goes into a group. The offsets of
    /// its extents count from the start of `content`.
    void send_grouped(AddEntry&&, ByteView content);
    /// Ends the last group and sends what is left.
    void flush();
    /// Where the walk's thread may be made to wait, and learns that it shall stop: `cancelled`.
    void check_stop() const;
    const std::stop_token& stop() const { return stop_; }

  private:
    void end_group();
    void submit(std::optional<Piece>);

    Pipeline& pipeline_;
    const GroupRule& rule_;
    const std::function<void()> pause_point_;
    std::stop_token stop_;
    std::vector<Step> steps_;

    BufferPool group_buffers_;
    std::shared_ptr<Buffer> group_memory_;  ///< of the open group; null: none is open
    std::size_t group_bytes_ = 0;
    std::size_t group_steps_ = 0;  ///< sent since it was opened, which wait for it
    std::uint64_t group_ = 0;      ///< the number of the last one opened
};

}  // namespace yore::ingest
