// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/server/place.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

namespace yore::server {
namespace {

std::string environment(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? "" : value;
}

std::string runtime_directory() {
    if (auto given = environment("YORE_RUNTIME_DIR"); !given.empty()) return given;
    if (::geteuid() == 0) return "/run/yore";
    if (auto given = environment("XDG_RUNTIME_DIR"); !given.empty()) return given + "/yore";
    // Without a login session (cron), the place of the session is still the first choice, so that
    // both find each other.
    const auto session = fmt::format("/run/user/{}", ::geteuid());
    if (::access(session.c_str(), W_OK) == 0) return session + "/yore";
    return fmt::format("/tmp/yore-{}", ::geteuid());
}

/// What is not ours alone could be a trap that somebody else has set up.
void check_private(const std::string& directory) {
    struct stat info {};
    if (::lstat(directory.c_str(), &info) != 0) throw system_error("look at", directory, errno);
    if (!S_ISDIR(info.st_mode) || info.st_uid != ::geteuid() || (info.st_mode & 077) != 0)
        throw Error(Errc::denied,
                    fmt::format("{} is not a directory of this user alone", directory),
                    {"remove it, or set YORE_RUNTIME_DIR to another directory"});
}

void make_private(const std::string& directory) {
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        throw system_error("make", directory, errno);
    check_private(directory);
}

}  // namespace

Place place_of(const RepositoryId& repository) {
    return {runtime_directory() + "/" + repository.hex()};
}

std::vector<Place> places_in_use() {
    std::vector<Place> places;
    std::error_code failed;
    for (const auto& entry : std::filesystem::directory_iterator(runtime_directory(), failed)) {
        const Place place{entry.path()};
        if (std::filesystem::is_socket(place.socket(), failed)) places.push_back(place);
    }
    return places;
}

bool is_there(const Place& place) {
    struct stat info {};
    if (::lstat(place.directory.c_str(), &info) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return false;
        throw system_error("look at", place.directory, errno);
    }
    check_private(place.directory);
    return true;
}

void make_place(const Place& place) {
    make_private(std::filesystem::path(place.directory).parent_path());
    make_private(place.directory);
}

}  // namespace yore::server
