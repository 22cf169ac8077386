// SPDX-License-Identifier: Apache-2.0
#include "ingest/mount_list.h"

#include <yore/base/fd.h>

#include <algorithm>
#include <array>
#include <climits>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace yore::ingest {
namespace {

/// Blanks, tabs, newlines and backslashes stand there as `\040` and the like.
std::string unescaped(std::string_view field) {
    std::string text;
    for (std::size_t i = 0; i < field.size(); ++i) {
        const auto is_octal = [&](std::size_t at) { return field[at] >= '0' && field[at] <= '7'; };
        if (field[i] == '\\' && i + 3 < field.size() && is_octal(i + 1) && is_octal(i + 2) &&
            is_octal(i + 3)) {
            text += static_cast<char>((field[i + 1] - '0') * 64 + (field[i + 2] - '0') * 8 +
                                      (field[i + 3] - '0'));
            i += 3;
        } else {
            text += field[i];
        }
    }
    return text;
}

std::vector<std::string_view> split(std::string_view text, char mark) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        parts.push_back(text.substr(0, text.find(mark)));
        text.remove_prefix(std::min(text.size(), parts.back().size() + 1));
    }
    return parts;
}

/// The file has no size that stat could tell.
std::string read_all(const char* path) {
    std::string text;
    const Fd fd(::open(path, O_RDONLY | O_CLOEXEC));
    if (!fd) return text;
    std::array<char, 16'384> part;
    for (ssize_t got; (got = ::read(fd.get(), part.data(), part.size())) > 0;)
        text.append(part.data(), static_cast<std::size_t>(got));
    return text;
}

}  // namespace

std::vector<MountedHere> parse_mounts(std::string_view mountinfo) {
    std::vector<MountedHere> mounts;
    for (const std::string_view line : split(mountinfo, '\n')) {
        // 36 35 98:0 /root /mount/point options [optional fields] - type source options
        const auto fields = split(line, ' ');
        for (std::size_t i = 6; i + 1 < fields.size(); ++i)
            if (fields[i] == "-") {
                mounts.push_back(
                    {std::string(fields[2]), unescaped(fields[4]), std::string(fields[i + 1])});
                break;
            }
    }
    return mounts;
}

std::vector<MountedHere> read_mounts() {
    return parse_mounts(read_all("/proc/self/mountinfo"));
}

std::string path_of(int directory) {
    std::string path(PATH_MAX, '\0');
    const std::string link = fmt::format("/proc/self/fd/{}", directory);
    const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
    path.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
    return path;
}

}  // namespace yore::ingest
