// SPDX-License-Identifier: Apache-2.0
// Exclude patterns that users type: the first line is a path, the others are patterns. None takes
// long (libFuzzer's timeout), and a pattern that comes twice decides as it does once.
#include "fuzz.h"
#include "ingest/exclude.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace yore;
    const std::string_view text = as_text(fuzz::input(data, size));
    std::size_t start = text.find('\n');
    const std::string_view path = text.substr(0, start);
    std::vector<std::string> patterns;
    while (start < text.size()) {
        const std::size_t end = text.find('\n', ++start);
        patterns.emplace_back(text.substr(start, end - start));
        start = end;
    }
    const ingest::ExcludeRules once(patterns);
    if (!patterns.empty()) patterns.push_back(patterns.back());
    const ingest::ExcludeRules twice(patterns);
    for (const auto kind : {ingest::PathKind::file, ingest::PathKind::directory}) {
        YORE_ENSURE(once.excludes(path, kind) == twice.excludes(path, kind));
    }
    return 0;
}
