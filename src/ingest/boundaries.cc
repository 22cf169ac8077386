// SPDX-License-Identifier: Apache-2.0
#include "ingest/boundaries.h"

#include <yore/base/bytes.h>

#include <array>
#include <climits>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace yore::ingest {
namespace {

constexpr std::string_view cache_signature = "Signature: 8a477f597d28d172789f06886806bc55";

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

/// The canonical path of an open directory.
std::string path_of(int directory) {
    std::string path(PATH_MAX, '\0');
    const std::string link = fmt::format("/proc/self/fd/{}", directory);
    const ssize_t length = ::readlink(link.c_str(), path.data(), path.size());
    path.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
    return path;
}

}  // namespace

std::vector<std::string> own_mounts(std::string_view mountinfo) {
    std::vector<std::string> mounts;
    for (const std::string_view line : split(mountinfo, '\n')) {
        // 36 35 98:0 /root /mount/point options [optional fields] - type source options
        const auto fields = split(line, ' ');
        for (std::size_t i = 6; i + 1 < fields.size(); ++i)
            if (fields[i] == "-") {
                if (fields[i + 1] == "fuse.yore") mounts.push_back(unescaped(fields[4]));
                break;
            }
    }
    return mounts;
}

Boundaries::Boundaries(int root, const std::vector<std::string>& avoid) {
    std::string prefix = path_of(root);
    if (!prefix.ends_with('/')) prefix += '/';
    for (const std::string& mount : own_mounts(read_all("/proc/self/mountinfo")))
        if (mount.starts_with(prefix)) mounts_.insert(mount.substr(prefix.size()));
    for (const std::string& path : avoid) {
        const Fd fd(::open(path.c_str(), O_PATH | O_CLOEXEC));
        FileStatus status;
        if (fd && status_of(fd.get(), status, Freshness::cached) == 0)
            avoided_.emplace(status.device, status.attributes.inode);
    }
}

bool Boundaries::is_mount_of_ours(std::string_view path) const {
    return !mounts_.empty() && mounts_.contains(path);
}

bool Boundaries::avoids(const FileStatus& directory) const {
    return avoided_.contains({directory.device, directory.attributes.inode});
}

bool has_cache_tag(int directory) {
    int error = 0;
    const Fd fd = open_at(directory, cache_tag_name.data(), OpenAs::content, error);
    FileStatus status;
    if (!fd || status_of(fd.get(), status) != 0 ||
        status.attributes.kind != tree::FileKind::regular)
        return false;
    std::array<char, cache_signature.size()> start;
    const ssize_t got = ::pread(fd.get(), start.data(), start.size(), 0);
    return got == static_cast<ssize_t>(start.size()) &&
           std::string_view(start.data(), start.size()) == cache_signature;
}

}  // namespace yore::ingest
