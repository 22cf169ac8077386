// SPDX-License-Identifier: Apache-2.0
// Archives of base backups: every entry has a path that stays in the tree, or all is corrupt.
#include <yore/base/error.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "fuzz.h"
#include "ingest/postgresql/tar_reader.h"

namespace {

using namespace yore;

void read_all(ByteView bytes) {
    ingest::TarReader tar("fuzz.tar", [&](MutableBytes into) {
        const std::size_t size = std::min(into.size(), bytes.size());
        std::memcpy(into.data(), bytes.data(), size);
        bytes = bytes.subspan(size);
        return size;
    });
    std::array<std::byte, 1000> part;
    while (const auto entry = tar.next()) {
        YORE_ENSURE(!entry->path.empty() && entry->path.front() != '/');
        YORE_ENSURE(("/" + entry->path + "/").find("/../") == std::string::npos);
        while (tar.read(part) > 0) {
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::expecting({Errc::corrupt}, [&] { read_all(fuzz::input(data, size)); });
    return 0;
}
