// SPDX-License-Identifier: Apache-2.0
#include "store/page_delta.h"

#include <yore/format/wire.h>

#include <algorithm>
#include <cstring>

#include <xxhash.h>

namespace yore::store {
namespace {

constexpr std::size_t check_bytes = 4;

std::uint32_t check_of(ByteView plain) {
    return static_cast<std::uint32_t>(XXH3_64bits(plain.data(), plain.size()));
}

std::size_t page_count(std::size_t bytes) {
    return (bytes + delta_page_bytes - 1) / delta_page_bytes;
}

std::size_t mask_bytes(std::size_t bytes) {
    return (page_count(bytes) + 7) / 8;
}

/// Empty behind the end.
template <typename View>
View page_of(View bytes, std::size_t page) {
    const std::size_t begin = std::min(page * delta_page_bytes, bytes.size());
    return bytes.subspan(begin, std::min(delta_page_bytes, bytes.size() - begin));
}

bool is_set(ByteView mask, std::size_t page) {
    return (static_cast<unsigned>(mask[page / 8]) >> (page % 8) & 1) != 0;
}

/// Copies of pages, one after the other.
class Gathered {
  public:
    explicit Gathered(std::size_t bytes_max) : bytes_(bytes_max) { bytes_.resize_within(0); }
    void add(ByteView page) {
        const std::size_t at = bytes_.size();
        bytes_.resize_within(at + page.size());
        if (!page.empty()) std::memcpy(bytes_.data() + at, page.data(), page.size());
    }
    Buffer& bytes() { return bytes_; }

  private:
    Buffer bytes_;
};

}  // namespace

std::optional<std::size_t> make_delta(const Compressor& compressor, ByteView plain, ByteView base,
                                      MutableBytes out) {
    const std::size_t head = check_bytes + mask_bytes(plain.size());
    if (base.empty() || out.size() < head) return std::nullopt;
    Gathered changed(plain.size()), before(base.size());
    const MutableBytes mask = out.subspan(check_bytes, head - check_bytes);
    std::fill(mask.begin(), mask.end(), std::byte{0});
    for (std::size_t page = 0; page < page_count(plain.size()); ++page) {
        const ByteView now = page_of(plain, page), then = page_of(base, page);
        if (now.size() <= then.size() && equal(now, then.first(now.size()))) continue;
        mask[page / 8] |= std::byte{1} << (page % 8);
        changed.add(now);
        before.add(then);
    }
    const Bytes check = format::Encoder().put(check_of(plain)).take();
    std::copy(check.begin(), check.end(), out.begin());
    if (changed.bytes().empty()) return head;
    const auto frame =
        compressor.compress_against(changed.bytes(), before.bytes(), out.subspan(head));
    if (!frame) return std::nullopt;
    return head + *frame;
}

bool apply_delta(const Compressor& compressor, ByteView delta, ByteView base, MutableBytes plain) {
    const std::size_t head = check_bytes + mask_bytes(plain.size());
    if (delta.size() < head) return false;
    const ByteView mask = delta.subspan(check_bytes, head - check_bytes);
    Gathered before(base.size());
    std::size_t changed_bytes = 0;
    for (std::size_t page = 0; page < page_count(plain.size()); ++page) {
        const MutableBytes now = page_of(plain, page);
        const ByteView then = page_of(base, page);
        if (is_set(mask, page)) {
            before.add(then);
            changed_bytes += now.size();
        } else if (then.size() < now.size()) {
            return false;
        } else {
            std::memcpy(now.data(), then.data(), now.size());
        }
    }
    Buffer changed(changed_bytes);
    const ByteView frame = delta.subspan(head);
    if (changed_bytes == 0 ? !frame.empty()
                           : !compressor.decompress(frame, before.bytes(), changed.span()))
        return false;
    std::size_t at = 0;
    for (std::size_t page = 0; page < page_count(plain.size()); ++page) {
        if (!is_set(mask, page)) continue;
        const MutableBytes now = page_of(plain, page);
        std::memcpy(now.data(), changed.data() + at, now.size());
        at += now.size();
    }
    return format::Decoder(delta).get<std::uint32_t>() == check_of(plain);
}

}  // namespace yore::store
