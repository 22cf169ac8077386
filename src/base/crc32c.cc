// SPDX-License-Identifier: Apache-2.0
//
// x86-64 has had an instruction for this polynomial since SSE 4.2 (2008): eight bytes in three
// cycles. Elsewhere a table, a byte at a time. Which one is decided once, when it is first needed.
#include <yore/base/crc32c.h>

#include <cstring>

#include "base/crc32c_table.h"

namespace yore {
namespace {

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t add_by_instruction(std::uint32_t state,
                                                                   ByteView bytes) {
    std::uint64_t wide = state;
    for (; bytes.size() >= sizeof wide; bytes = bytes.subspan(sizeof wide)) {
        std::uint64_t next;
        std::memcpy(&next, bytes.data(), sizeof next);
        wide = __builtin_ia32_crc32di(wide, next);
    }
    state = static_cast<std::uint32_t>(wide);
    for (const std::byte byte : bytes)
        state = __builtin_ia32_crc32qi(state, static_cast<unsigned char>(byte));
    return state;
}
#endif

using Add = std::uint32_t (*)(std::uint32_t, ByteView);

Add fastest() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return add_by_instruction;
#endif
    return crc32c_by_table;
}

}  // namespace

Crc32c Crc32c::after(std::uint32_t value) {
    Crc32c sum;
    sum.state_ = ~value;
    return sum;
}

void Crc32c::add(ByteView bytes) {
    static const Add add_fast = fastest();
    state_ = add_fast(state_, bytes);
}

std::uint32_t crc32c(ByteView bytes) {
    Crc32c sum;
    sum.add(bytes);
    return sum.value();
}

}  // namespace yore
