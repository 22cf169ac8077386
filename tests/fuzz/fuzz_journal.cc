// SPDX-License-Identifier: Apache-2.0
// Journals of directories: what is accepted has just these bytes.
#include <yore/format/journal.h>

#include "fuzz.h"

namespace {

using namespace yore;

void read_all(ByteView bytes) {
    const format::Journal journal = format::decode_journal(bytes);
    YORE_ENSURE(equal(format::encode(journal), bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::expecting({Errc::corrupt, Errc::unsupported}, [&] { read_all(fuzz::input(data, size)); });
    return 0;
}
