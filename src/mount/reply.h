// SPDX-License-Identifier: Apache-2.0
/// What answers one READ: pieces of memory, sent as they lie, and what keeps them there.
#pragma once

#include <yore/base/bytes.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <sys/uio.h>

namespace yore::mount {

class Reply {
  public:
    /// `owner` keeps the bytes; null: they stay by themselves.
    void add(ByteView bytes, std::shared_ptr<const void> owner);
    void add_copy(ByteView);
    void add_zeros(std::uint64_t count);
    /// The kernel takes a limited number of pieces: many small ones become one.
    void finish();

    const std::vector<iovec>& pieces() const { return pieces_; }
    std::size_t size() const { return size_; }

  private:
    std::vector<iovec> pieces_;
    std::vector<std::shared_ptr<const void>> owners_;
    std::size_t size_ = 0;
};

/// Decoded bytes that the kernel did not ask for, and where in the file they lie.
struct Surplus {
    std::uint64_t offset = 0;
    ByteView bytes;
    std::shared_ptr<const Buffer> owner;
};

}  // namespace yore::mount
