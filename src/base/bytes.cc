// SPDX-License-Identifier: Apache-2.0
#include <yore/base/bytes.h>
#include <yore/base/error.h>

namespace yore {

std::string to_hex(ByteView bytes) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(bytes.size() * 2);
    for (std::byte byte : bytes) {
        auto value = std::to_integer<unsigned>(byte);
        text.push_back(digits[value >> 4]);
        text.push_back(digits[value & 15]);
    }
    return text;
}

void Buffer::resize_within(std::size_t size) {
    YORE_ENSURE(size <= capacity_);
    size_ = size;
}

}  // namespace yore
