// SPDX-License-Identifier: Apache-2.0
#include "cluster/tablespaces.h"

#include <yore/base/error.h>
#include <yore/base/fd.h>
#include <yore/base/file.h>
#include <yore/base/utf8.h>

#include <cerrno>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/foreign_file.h"

namespace yore::cluster {
namespace {

namespace fs = std::filesystem;

std::string place_of(const std::string& data, const std::string& oid) {
    return data + "/pg_tblspc/" + oid;
}

void make_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
        throw system_error("make", path, errno);
}

Fd open_directory(const std::string& path) {
    return open_file(path, O_PATH | O_DIRECTORY);
}

std::string path_of(const Fd& directory) {
    return fmt::format("/proc/self/fd/{}", directory.get());
}

}  // namespace

std::vector<LoggedTablespace> guarded_tablespaces(const std::string& data) {
    std::vector<LoggedTablespace> guarded;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(data + "/pg_tblspc", failed)) {
        if (!fs::is_directory(entry.symlink_status(failed))) continue;
        const std::string oid = entry.path().filename();
        auto location = read_foreign_file(entry.path().string() + "/location");
        if (!location || oid.find_first_not_of("0123456789") != oid.npos) continue;
        LoggedTablespace tablespace{oid, std::move(*location)};
        if (!tablespace.location.starts_with('/') ||
            readable_utf8(tablespace.location) != tablespace.location)
            throw Error(Errc::corrupt,
                        fmt::format("{}/location: not an absolute path", entry.path().string()));
        guarded.push_back(std::move(tablespace));
    }
    return guarded;
}

std::string tablespace_directory(const std::string& data, const LoggedTablespace& tablespace) {
    return fmt::format("{}/tablespaces/{}", data, tablespace.oid);
}

void open_tablespaces(const std::string& data, const std::vector<LoggedTablespace>& tablespaces,
                      const User& user) {
    if (tablespaces.empty()) return;
    const Fd opened = open_directory(data);
    const std::string top = path_of(opened);
    const ActAs acting(user);
    make_directory(top + "/tablespaces");
    for (const LoggedTablespace& tablespace : tablespaces) {
        make_directory(tablespace_directory(top, tablespace));
        const fs::path guard = place_of(top, tablespace.oid);
        std::error_code failed;
        if (fs::is_directory(fs::symlink_status(guard, failed))) fs::remove_all(guard);
    }
}

void close_tablespaces(const std::string& data, const std::vector<LoggedTablespace>& tablespaces,
                       const User& user) {
    if (tablespaces.empty()) return;
    const Fd opened = open_directory(data);
    const std::string top = path_of(opened);
    const ActAs acting(user);
    for (const LoggedTablespace& tablespace : tablespaces) {
        const fs::path place = place_of(top, tablespace.oid);
        std::error_code failed;
        if (!fs::is_symlink(fs::symlink_status(place, failed))) continue;
        const fs::path inside = "../tablespaces/" + tablespace.oid;
        if (fs::read_symlink(place) == inside) continue;
        const fs::path made = place.string() + ".yore";
        fs::remove(made, failed);
        fs::create_symlink(inside, made);
        fs::rename(made, place);
    }
}

}  // namespace yore::cluster
