// SPDX-License-Identifier: Apache-2.0
#include "cluster/private_mounts.h"

#include <yore/base/path.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

namespace yore::cluster {
namespace {

constexpr std::size_t bound_count_max = 256;

}  // namespace

void PrivateMounts::keep(const std::string& directory) {
    for (auto slash = directory.find('/', hidden.size() + 1);;
         slash = directory.find('/', slash + 1)) {
        const auto part = directory.substr(0, slash);
        if (std::ranges::find(made, part) == made.end()) made.push_back(part);
        if (slash == directory.npos) break;
    }
    bound.push_back({directory, directory});
}

// The directories are opened while they can still be seen, and put in place when those before them
// are: no memory is taken on the way, as other threads may have held the allocator's locks.
const char* enter(const PrivateMounts& mounts) {
    if (mounts.is_empty()) return nullptr;
    if (mounts.bound.size() > bound_count_max) {
        errno = E2BIG;
        return "mounts";
    }
    if (::unshare(CLONE_NEWNS) != 0) return "a mount namespace";
    if (::mount(nullptr, "/", nullptr, MS_REC | MS_SLAVE, nullptr) != 0) return "/";
    std::array<int, bound_count_max> trees{};
    for (std::size_t i = 0; i < mounts.bound.size(); ++i) {
        trees[i] = ::open_tree(AT_FDCWD, mounts.bound[i].directory.c_str(),
                               OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_SYMLINK_NOFOLLOW);
        if (trees[i] < 0) return mounts.bound[i].directory.c_str();
    }
    if (!mounts.hidden.empty() && ::mount("yore", mounts.hidden.c_str(), "tmpfs",
                                          MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755") != 0)
        return mounts.hidden.c_str();
    for (const std::string& directory : mounts.made)
        if (::mkdir(directory.c_str(), 0755) != 0) return directory.c_str();
    for (std::size_t i = 0; i < mounts.bound.size(); ++i)
        if (::move_mount(trees[i], "", AT_FDCWD, mounts.bound[i].at.c_str(),
                         MOVE_MOUNT_F_EMPTY_PATH) != 0)
            return mounts.bound[i].at.c_str();
    return nullptr;
}

}  // namespace yore::cluster
