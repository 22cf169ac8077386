// SPDX-License-Identifier: Apache-2.0
#include "mount/mountpoint.h"

#include <yore/base/error.h>
#include <yore/base/fd.h>
#include <yore/base/log.h>
#include <yore/mount/mount.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace yore::mount {
namespace {

/// mountinfo writes space, tab, newline and backslash as three octal digits.
std::string unescape(const std::string& field) {
    std::string text;
    for (std::size_t i = 0; i < field.size(); ++i) {
        if (field[i] == '\\' && i + 3 < field.size()) {
            text += static_cast<char>(std::stoi(field.substr(i + 1, 3), nullptr, 8));
            i += 3;
        } else {
            text += field[i];
        }
    }
    return text;
}

bool lies_in(const std::string& path, const std::string& directory) {
    return path == directory || path.starts_with(directory == "/" ? "/" : directory + "/");
}

bool is_empty(const std::string& directory) {
    const std::unique_ptr<DIR, int (*)(DIR*)> listing(::opendir(directory.c_str()), ::closedir);
    if (!listing) throw system_error("open", directory, errno);
    while (const dirent* entry = ::readdir(listing.get()))
        if (std::strcmp(entry->d_name, ".") != 0 && std::strcmp(entry->d_name, "..") != 0)
            return false;
    return true;
}

/// Without root the set-user-id helper of libfuse unmounts.
bool run_fusermount(const std::string& directory, Detach how) {
    const char* arguments[] = {"fusermount3",     "-u",   "-q", how == Detach::now ? "-z" : "--",
                               directory.c_str(), nullptr};
    pid_t child = 0;
    if (::posix_spawnp(&child, "fusermount3", nullptr, nullptr, const_cast<char**>(arguments),
                       environ) != 0)
        return false;
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

std::optional<MountedAt> mounted_at(const std::string& directory) {
    std::ifstream table("/proc/self/mountinfo");
    std::optional<MountedAt> found;
    for (std::string line; std::getline(table, line);) {
        std::istringstream fields(line);
        std::string id, parent, device, root, point, field, type;
        fields >> id >> parent >> device >> root >> point;
        if (unescape(point) != directory) continue;
        while (fields >> field && field != "-") {
        }
        fields >> type;
        found = {device, type};
    }
    return found;
}

bool detach_dead_mount(const std::string& directory) {
    struct stat status {};
    if (::stat(directory.c_str(), &status) == 0 || errno != ENOTCONN) return false;
    const auto there = mounted_at(directory);
    if (!there || there->type != "fuse.yore") return false;
    return unmount_directory(directory, Detach::now);
}

void prepare_mountpoint(const std::string& directory, const std::string& repository) {
    if (detach_dead_mount(directory))
        log_info("{}: a dead mount was in the way and is detached", directory);
    const auto there = mounted_at(directory);
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) throw system_error("mount at", directory, errno);
    if (there && there->type.starts_with("fuse.yore")) {
        throw Error(Errc::exists, directory + ": a repository is mounted there already",
                    {fmt::format("`yore umount {}` first, or mount somewhere else", directory)});
    }
    if (!S_ISDIR(status.st_mode)) throw Error(Errc::invalid, directory + ": not a directory");
    if (lies_in(directory, repository))
        throw Error(Errc::invalid, directory + ": a repository cannot be mounted inside itself",
                    {"mount it outside of " + repository});
    if (lies_in(repository, directory))
        throw Error(
            Errc::invalid,
            fmt::format("{}: the mount would hide the repository {}", directory, repository),
            {"mount it at an empty directory"});
    if (!is_empty(directory))
        throw Error(Errc::invalid, directory + ": not empty; a mount would hide what is there",
                    {"mount it at an empty directory"});
    if (::access("/dev/fuse", F_OK) != 0)
        throw Error(Errc::unsupported, "/dev/fuse is missing",
                    {"install the package fuse3; in a container, pass the device in"});
    if (::access("/dev/fuse", R_OK | W_OK) != 0) throw system_error("open", "/dev/fuse", errno);
}

bool unmount_directory(const std::string& directory, Detach how) {
    if (!mounted_at(directory)) return true;
    const int flags = UMOUNT_NOFOLLOW | (how == Detach::now ? MNT_DETACH : 0);
    if (::umount2(directory.c_str(), flags) == 0) return true;
    if (errno == EBUSY) return false;
    if (errno == EPERM) return run_fusermount(directory, how);
    if (errno == EINVAL) return true;
    throw system_error("unmount", directory, errno);
}

void raise_read_ahead(const std::string& directory, unsigned kilobytes) {
    const auto there = mounted_at(directory);
    if (!there) return;
    const std::string path = fmt::format("/sys/class/bdi/{}/read_ahead_kb", there->device);
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    const std::string text = std::to_string(kilobytes);
    if (fd && ::write(fd.get(), text.data(), text.size()) < 0)
        log_info("{}: {}", path, std::strerror(errno));
}

}  // namespace yore::mount
