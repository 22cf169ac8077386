// SPDX-License-Identifier: Apache-2.0
#include "ingest/boundaries.h"

#include <array>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "ingest/mount_list.h"

namespace yore::ingest {
namespace {

constexpr std::string_view cache_signature = "Signature: 8a477f597d28d172789f06886806bc55";

}  // namespace

std::vector<std::string> own_mounts(std::string_view mountinfo) {
    std::vector<std::string> mounts;
    for (MountedHere& mount : parse_mounts(mountinfo))
        if (mount.type == "fuse.yore") mounts.push_back(std::move(mount.point));
    return mounts;
}

Boundaries::Boundaries(int root, const std::vector<std::string>& avoid) {
    std::string prefix = path_of(root);
    if (!prefix.ends_with('/')) prefix += '/';
    for (const MountedHere& mount : read_mounts())
        if (mount.type == "fuse.yore" && mount.point.starts_with(prefix))
            mounts_.insert(mount.point.substr(prefix.size()));
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
