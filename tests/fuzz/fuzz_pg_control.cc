// SPDX-License-Identifier: Apache-2.0
// Bytes of a pg_control, also with the CRC made right, so that what is behind it is reached.
#include <yore/base/crc32c.h>
#include <yore/postgresql/control_file.h>

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace yore;
    Bytes bytes = to_bytes(fuzz::input(data, size));
    const auto parse = [&] {
        fuzz::expecting({Errc::corrupt, Errc::unsupported},
                        [&] { postgresql::parse_control_file(bytes); });
    };
    parse();
    for (const std::size_t crc_offset : {288u, 292u}) {
        if (bytes.size() < crc_offset + 4) continue;
        const std::uint32_t crc = crc32c(ByteView(bytes).first(crc_offset));
        std::memcpy(bytes.data() + crc_offset, &crc, sizeof crc);
        parse();
    }
    return 0;
}
