// SPDX-License-Identifier: Apache-2.0
// Deltas of pages: hostile ones fill no byte behind the end, made ones are undone exactly.
#include <algorithm>

#include "fuzz.h"
#include "store/page_delta.h"

namespace {

using namespace yore;
using namespace yore::store;

constexpr std::size_t size_max = 5 * delta_page_bytes;

Bytes some_base(std::size_t size) {
    Bytes base(size);
    for (std::size_t i = 0; i < size; ++i) base[i] = static_cast<std::byte>(i * i >> 7);
    return base;
}

std::size_t take_size(ByteView& rest) {
    const std::size_t size =
        static_cast<std::size_t>(rest[0]) << 8 | static_cast<std::size_t>(rest[1]);
    rest = rest.subspan(2);
    return size % (size_max + 1);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Compressor compressor;
    if (size < 4) return 0;
    ByteView rest = fuzz::input(data, size);
    const Bytes base = some_base(take_size(rest));
    Bytes plain(take_size(rest));
    (void)apply_delta(compressor, rest, base, plain);

    plain = some_base(plain.size());
    std::copy_n(rest.begin(), std::min(rest.size(), plain.size()), plain.begin());
    Bytes delta(plain.size() + 64), back(plain.size());
    if (const auto made = make_delta(compressor, plain, base, delta)) {
        delta.resize(*made);
        YORE_ENSURE(apply_delta(compressor, delta, base, back) && back == plain);
    }
    return 0;
}
