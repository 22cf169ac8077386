// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/dump_directory.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/base/path.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace yore::ingest {
namespace {

constexpr char prefix[] = "yore-dump-";

Fd open_directory(const std::string& path) {
    return Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
}

void remove_tree(const std::string& path) {
    std::error_code failed;
    std::filesystem::remove_all(path, failed);
    if (failed) log_warning("remove {}: {}", path, failed.message());
}

bool is_at(const Fd& directory, const std::string& path) {
    struct stat held {
    }, there{};
    return ::fstat(directory.get(), &held) == 0 && ::lstat(path.c_str(), &there) == 0 &&
           held.st_dev == there.st_dev && held.st_ino == there.st_ino;
}

/// The lock of one that is ours, and nobody's any more.
Fd lock_left_over(const std::string& path) {
    Fd directory = open_directory(path);
    struct stat status {};
    const bool is_free = directory && ::fstat(directory.get(), &status) == 0 &&
                         status.st_uid == ::geteuid() &&
                         ::flock(directory.get(), LOCK_EX | LOCK_NB) == 0;
    return is_free ? std::move(directory) : Fd();
}

void remove_left_over(const std::string& scratch) {
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(scratch, failed)) {
        const std::string path = entry.path();
        if (!entry.path().filename().string().starts_with(prefix)) continue;
        const Fd lock = lock_left_over(path);
        if (!lock) continue;
        log_warning("removing {}, which a dump that was killed left", path);
        remove_tree(path);
    }
}

}  // namespace

/// Until it is locked, somebody who removes what is left over may take it for that.
DumpDirectory::DumpDirectory(const std::string& scratch) {
    remove_left_over(scratch);
    do {
        path_ = join_path(scratch, std::string(prefix) + "XXXXXX");
        if (::mkdtemp(path_.data()) == nullptr)
            throw system_error("make a directory in", scratch, errno);
        lock_ = open_directory(path_);
        if (lock_ && ::flock(lock_.get(), LOCK_EX) != 0) throw system_error("lock", path_, errno);
    } while (!lock_ || !is_at(lock_, path_));
}

DumpDirectory::~DumpDirectory() {
    remove_tree(path_);
}

}  // namespace yore::ingest
