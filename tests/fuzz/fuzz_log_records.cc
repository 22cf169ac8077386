// SPDX-License-Identifier: Apache-2.0
// Logs without what can be computed: hostile ones fill no byte behind the end, made ones are undone
// exactly.
#include <algorithm>

#include "fuzz.h"
#include "store/log_records.h"

using namespace yore;
using namespace yore::store;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) return 0;
    const ByteView bytes = fuzz::input(data, size);
    static const Compressor compressor;
    Bytes plain(3 * 8192);
    (void)unpack_log(compressor, bytes, plain);

    const Bytes log = to_bytes(bytes.subspan(2));
    Bytes less = log;
    (void)put_into_records(
        less, static_cast<std::uint32_t>(bytes[0]) << 8 | static_cast<std::uint32_t>(bytes[1]));
    less = log;
    const std::uint32_t count = take_out_of_records(less);
    YORE_ENSURE(put_into_records(less, count));
    YORE_ENSURE(less == log);
    return 0;
}
