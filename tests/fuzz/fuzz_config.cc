// SPDX-License-Identifier: Apache-2.0
// A file that an administrator writes: it is understood, or each mistake has a place.
#include <yore/server/config.h>

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace yore;
    const auto [config, mistakes] = server::read_config(as_text(fuzz::input(data, size)));
    std::uint32_t line = 1;
    for (const auto& mistake : mistakes) {
        YORE_ENSURE(mistake.line >= line);  // by line, from 1
        YORE_ENSURE(!mistake.text.empty());
        line = mistake.line;
    }
    if (!mistakes.empty()) return 0;
    YORE_ENSURE(config.repository.starts_with('/'));
    for (const auto& source : config.sources) {
        YORE_ENSURE(!source.name.empty());
        YORE_ENSURE(source.directory.path.starts_with('/'));
    }
    for (const auto& mount : config.mounts) YORE_ENSURE(mount.directory.starts_with('/'));
    return 0;
}
