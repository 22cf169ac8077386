// SPDX-License-Identifier: Apache-2.0
// Texts that users type as moments: what is read as a time is printed and read again as the same.
#include <yore/base/time.h>

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace yore;
    const Timestamp now = Timestamp::from_seconds(1'795'000'000);
    const auto parsed = parse_time(as_text(fuzz::input(data, size)), now);
    if (parsed) {
        YORE_ENSURE(parse_time(to_rfc3339(*parsed), now) == parsed);
        YORE_ENSURE(parse_time(to_name(*parsed), now) == parsed);
    }
    return 0;
}
