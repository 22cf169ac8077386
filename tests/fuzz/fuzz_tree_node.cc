// SPDX-License-Identifier: Apache-2.0
// Nodes of directories and of extent lists: what the check lets pass can be read to its last byte.
#include "../tree/walk_node.h"
#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace yore;
    fuzz::expecting({Errc::corrupt}, [&] { test::check_and_walk(fuzz::input(data, size)); });
    return 0;
}
