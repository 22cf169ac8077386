// SPDX-License-Identifier: Apache-2.0
/// Bytes in memory: views, growable arrays, and buffers that are not zeroed first.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace yore {

using ByteView = std::span<const std::byte>;
using MutableBytes = std::span<std::byte>;
using Bytes = std::vector<std::byte>;

inline ByteView as_bytes(std::string_view text) {
    return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}
inline std::string_view as_text(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline Bytes to_bytes(ByteView view) {
    return {view.begin(), view.end()};
}
inline bool equal(ByteView a, ByteView b) {
    return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size()) == 0);
}

/// Lower-case hexadecimal, two digits a byte.
std::string to_hex(ByteView);

/// A fixed allocation whose bytes start undefined; `size()` may be set lower than the capacity.
/// Move-only. For the hot paths, where zeroing would be a pass over memory of its own.
class Buffer {
  public:
    Buffer() = default;
    explicit Buffer(std::size_t capacity)
        : data_(std::make_unique_for_overwrite<std::byte[]>(capacity)),
          capacity_(capacity),
          size_(capacity) {}
    static Buffer copy_of(ByteView view) {
        Buffer buffer(view.size());
        if (!view.empty()) std::memcpy(buffer.data(), view.data(), view.size());
        return buffer;
    }

    std::byte* data() { return data_.get(); }
    const std::byte* data() const { return data_.get(); }
    std::size_t size() const { return size_; }
    std::size_t capacity() const { return capacity_; }
    bool empty() const { return size_ == 0; }
    /// `size` is at most `capacity()`.
    void resize_within(std::size_t size);
    ByteView view() const { return {data_.get(), size_}; }
    MutableBytes span() { return {data_.get(), size_}; }
    operator ByteView() const { return view(); }

  private:
    std::unique_ptr<std::byte[]> data_;
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
};

}  // namespace yore
