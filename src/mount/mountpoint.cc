// SPDX-License-Identifier: Apache-2.0
#include "mount/mountpoint.h"

#include <yore/base/error.h>
#include <yore/base/fd.h>
#include <yore/base/log.h>
#include <yore/mount/mount.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <sstream>

#include <dirent.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
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

constexpr std::string_view our_type = "fuse.yore";

/// A line of mountinfo, as far as it matters here (proc_pid_mountinfo(5)).
struct MountLine {
    explicit MountLine(const std::string& line) {
        std::istringstream fields(line);
        std::string id, parent, root, field;
        fields >> id >> parent >> device >> root >> point;
        while (fields >> field && field != "-") {
        }
        fields >> type;
    }
    std::string device, point, type;  ///< `point` is escaped
};

/// Whether `path` is `directory` or below it, whatever links and bind mounts lie between.
bool lies_in(std::string path, const std::string& directory) {
    struct stat wanted {};
    if (::stat(directory.c_str(), &wanted) != 0) return false;
    while (true) {
        struct stat here {};
        if (::stat(path.c_str(), &here) == 0 && here.st_dev == wanted.st_dev &&
            here.st_ino == wanted.st_ino)
            return true;
        if (path == "/" || path.empty()) return false;
        path.resize(std::max<std::size_t>(path.rfind('/'), 1));
    }
}

/// A dead mount at its end cannot be resolved, but its parent can.
std::string without_links(const std::string& path) {
    const auto resolve = [](const std::string& from) {
        const std::unique_ptr<char, decltype(&std::free)> to(::realpath(from.c_str(), nullptr),
                                                             std::free);
        return to ? std::optional(std::string(to.get())) : std::nullopt;
    };
    if (auto whole = resolve(path)) return *whole;
    const int error_number = errno;
    const std::size_t slash = path.rfind('/');
    const auto parent = resolve(slash == 0 ? "/" : path.substr(0, slash));
    if (error_number != ENOTCONN || !parent) throw system_error("mount at", path, error_number);
    return (*parent == "/" ? "" : *parent) + path.substr(slash);
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
        const MountLine mount(line);
        if (unescape(mount.point) == directory) found = {mount.device, mount.type};
    }
    return found;
}

bool is_on_mount_of_ours(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) throw system_error("look at", path, errno);
    const auto device = fmt::format("{}:{}", major(status.st_dev), minor(status.st_dev));
    std::ifstream table("/proc/self/mountinfo");
    for (std::string line; std::getline(table, line);) {
        const MountLine mount(line);
        if (mount.device == device && mount.type == our_type) return true;
    }
    return false;
}

bool detach_dead_mount(const std::string& given) {
    // The kernel answers a stat of a dead mount for as long as it knows the attributes of its root;
    // a statfs it must always ask for.
    struct statfs space {};
    if (::statfs(given.c_str(), &space) == 0 || errno != ENOTCONN) return false;
    const std::string directory = without_links(given);
    const auto there = mounted_at(directory);
    if (!there || there->type != our_type) return false;
    return unmount_directory(directory, Detach::now);
}

namespace {

/// Something is there that can be mounted on, perhaps after a dead mount was detached.
void check_directory(const std::string& directory) {
    if (detach_dead_mount(directory))
        log_info("{}: a dead mount was in the way and is detached", directory);
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) throw system_error("mount at", directory, errno);
    const auto there = mounted_at(directory);
    if (there && there->type == our_type)
        throw Error(Errc::exists, directory + ": a repository is mounted there already",
                    {fmt::format("`yore umount {}` first, or mount somewhere else", directory)});
    if (!S_ISDIR(status.st_mode)) throw Error(Errc::invalid, directory + ": not a directory");
}

void check_fuse_device() {
    constexpr const char* device = "/dev/fuse";
    if (::access(device, F_OK) != 0)
        throw Error(Errc::unsupported, "/dev/fuse is missing",
                    {"install the package fuse3; in a container, pass the device in"});
    if (::access(device, R_OK | W_OK) != 0)
        throw Error(Errc::denied, "open /dev/fuse: permission denied",
                    {"root may mount; for others the device must be readable and writable"});
}

}  // namespace

std::string prepare_mountpoint(const std::string& given, const std::string& repository) {
    const std::string directory = without_links(given);
    check_directory(directory);
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
    check_fuse_device();
    return directory;
}

bool unmount_directory(const std::string& directory, Detach how) {
    if (!mounted_at(directory)) return true;
    const int flags = UMOUNT_NOFOLLOW | (how == Detach::now ? MNT_DETACH | MNT_FORCE : 0);
    if (::umount2(directory.c_str(), flags) == 0) return true;
    if (errno == EBUSY) return false;
    if (errno == EPERM) return run_fusermount(directory, how);
    if (errno == EINVAL) return true;  // gone meanwhile
    throw system_error("unmount", directory, errno);
}

namespace {

/// Writes to a file of the kernel, if it can be.
void tell_kernel(const std::string& path, std::string_view text) {
    const Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!fd) return;
    if (::write(fd.get(), text.data(), text.size()) < 0) log_info("{}: {}", path, reason_of(errno));
}

}  // namespace

void abort_connection(const std::string& device) {
    const std::string minor = device.substr(device.find(':') + 1);
    tell_kernel(fmt::format("/sys/fs/fuse/connections/{}/abort", minor), "1");
}

void raise_read_ahead(const std::string& device, unsigned kilobytes) {
    tell_kernel(fmt::format("/sys/class/bdi/{}/read_ahead_kb", device), std::to_string(kilobytes));
}

}  // namespace yore::mount
