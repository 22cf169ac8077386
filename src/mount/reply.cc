// SPDX-License-Identifier: Apache-2.0
#include "mount/reply.h"

#include <algorithm>

namespace yore::mount {
namespace {

/// Of the 1,024 that writev takes; libfuse adds one.
constexpr std::size_t pieces_max = 512;
constexpr std::size_t zeros_bytes = 256u << 10;

/// Never written. Not const, so that it takes no space in the program.
std::byte zeros[zeros_bytes];

}  // namespace

void Reply::add(ByteView bytes, std::shared_ptr<const void> owner) {
    pieces_.push_back({const_cast<std::byte*>(bytes.data()), bytes.size()});
    if (owner) owners_.push_back(std::move(owner));
    size_ += bytes.size();
}

void Reply::add_copy(ByteView bytes) {
    auto copy = std::make_shared<Buffer>(Buffer::copy_of(bytes));
    const ByteView kept = copy->view();
    add(kept, std::move(copy));
}

void Reply::add_zeros(std::uint64_t count) {
    while (count > 0) {
        const std::size_t part = std::min<std::uint64_t>(count, zeros_bytes);
        add({zeros, part}, nullptr);
        count -= part;
    }
}

void Reply::finish() {
    if (pieces_.size() <= pieces_max) return;
    auto joined = std::make_shared<Buffer>(size_);
    std::byte* to = joined->data();
    for (const iovec& piece : pieces_) {
        std::memcpy(to, piece.iov_base, piece.iov_len);
        to += piece.iov_len;
    }
    pieces_ = {{joined->data(), size_}};
    owners_ = {std::move(joined)};
}

}  // namespace yore::mount
