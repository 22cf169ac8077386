// SPDX-License-Identifier: Apache-2.0
#include "ingest/outbox.h"

#include <yore/base/error.h>

#include <cstring>
#include <utility>

namespace yore::ingest {
namespace {

constexpr std::size_t parcel_steps_max = 512;
/// Ends a group that much else came between: what waits for it waits in memory.
constexpr std::size_t group_steps_max = 16'384;

}  // namespace

Outbox::Outbox(Pipeline& pipeline, const GroupRule& rule, std::function<void()> pause_point,
               std::stop_token stop)
    : pipeline_(pipeline),
      rule_(rule),
      pause_point_(std::move(pause_point)),
      stop_(std::move(stop)),
      group_buffers_(rule.sizes().max) {}

void Outbox::check_stop() const {
    if (pause_point_) pause_point_();
    if (stop_.stop_requested()) throw Error(Errc::cancelled, "the snapshot was stopped");
}

void Outbox::submit(std::optional<Piece> piece) {
    Parcel parcel;
    parcel.steps = std::exchange(steps_, {});
    parcel.piece = std::move(piece);
    pipeline_.submit(std::move(parcel), stop_);
}

void Outbox::send(Step&& step) {
    steps_.push_back(std::move(step));
    if (group_memory_ && ++group_steps_ >= group_steps_max)
        end_group();
    else if (steps_.size() >= parcel_steps_max)
        submit(std::nullopt);
}

void Outbox::send(Piece&& piece) {
    submit(std::move(piece));
}

void Outbox::send_grouped(AddEntry&& add, ByteView content) {
    if (group_memory_ && group_bytes_ + content.size() > rule_.sizes().max) end_group();
    if (!group_memory_) {
        group_memory_ = group_buffers_.take();
        group_bytes_ = group_steps_ = 0;
        ++group_;
    }
    std::memcpy(group_memory_->data() + group_bytes_, content.data(), content.size());
    for (tree::Extent& extent : add.entry.content.extents)
        if (extent.chunk) extent.offset += static_cast<std::uint32_t>(group_bytes_);
    group_bytes_ += content.size();
    add.from = ContentFrom::group;
    add.group = group_;
    const bool last = rule_.ends_after(content, group_bytes_);
    const std::uint64_t group = group_;
    send(std::move(add));
    if (last && group_memory_ && group == group_) end_group();
}

void Outbox::end_group() {
    std::shared_ptr<Buffer> memory = std::exchange(group_memory_, nullptr);
    const ByteView bytes(memory->data(), group_bytes_);
    submit(Piece{std::move(memory), bytes, group_, {}});
}

void Outbox::flush() {
    if (group_memory_) end_group();
    if (!steps_.empty()) submit(std::nullopt);
}

}  // namespace yore::ingest
