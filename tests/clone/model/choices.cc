// SPDX-License-Identifier: Apache-2.0
#include "model/choices.h"

#include <algorithm>
#include <cstring>

namespace yore::test {
namespace {

constexpr std::uint64_t page = 4096;
constexpr std::ptrdiff_t depth_max = 3;

}  // namespace

std::string Choices::name() {
    static const std::string longest(255, 'n'), too_long(256, 'n');
    if (one_in(60)) return longest;
    if (one_in(200)) return too_long;
    if (one_in(60)) return "\xff\x01 \\\n";  // any bytes are a name
    return std::string(1, static_cast<char>('a' + below(7)));
}

std::string Choices::path() {
    return known_.paths.empty() || one_in(8) ? new_path() : of(known_.paths);
}

std::string Choices::file() {
    return known_.files.empty() || one_in(8) ? path() : of(known_.files);
}

std::string Choices::new_path() {
    if (known_.directories.empty() || one_in(5)) return name();
    const std::string directory = one_in(10) ? of(known_.paths) : of(known_.directories);
    if (std::ranges::count(directory, '/') >= depth_max) return name();
    return directory + "/" + name();
}

std::uint64_t Choices::offset() {
    if (one_in(100)) return below(std::uint64_t{8} << 30);
    if (one_in(20)) return below(64 * page);
    return one_in(2) ? below(24) * page : below(24 * page);
}

std::uint64_t Choices::length() {
    if (one_in(40)) return 1 + below(100 * page);
    return one_in(3) ? (1 + below(5)) * page : 1 + below(3 * page);
}

std::string Choices::bytes(std::uint64_t count) {
    std::string made(count, '\0');
    std::uint64_t word = random_() | 1;
    for (std::size_t at = 0; at < count; at += sizeof word) {
        word = word * 6364136223846793005u + 1442695040888963407u;
        std::memcpy(made.data() + at, &word, std::min(sizeof word, count - at));
    }
    return made;
}

}  // namespace yore::test
