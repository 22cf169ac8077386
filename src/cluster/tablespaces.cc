// SPDX-License-Identifier: Apache-2.0
#include "cluster/tablespaces.h"

#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/base/utf8.h>

#include <cerrno>
#include <filesystem>

#include <sys/stat.h>
#include <unistd.h>

namespace yore::cluster {
namespace {

namespace fs = std::filesystem;

std::string place_of(const std::string& data, const std::string& oid) {
    return data + "/pg_tblspc/" + oid;
}

void make_directory(const std::string& path, const User& user) {
    if (::mkdir(path.c_str(), 0700) != 0) {
        if (errno == EEXIST) return;
        throw system_error("make", path, errno);
    }
    if (::geteuid() == 0 && ::chown(path.c_str(), user.uid, user.gid) != 0)
        throw system_error("chown", path, errno);
}

}  // namespace

std::vector<LoggedTablespace> guarded_tablespaces(const std::string& data) {
    std::vector<LoggedTablespace> guarded;
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(data + "/pg_tblspc", failed)) {
        if (!fs::is_directory(entry.symlink_status(failed))) continue;
        const auto location = read_file(entry.path().string() + "/location", 4096);
        if (!location) continue;
        LoggedTablespace tablespace{entry.path().filename(), std::string(as_text(*location))};
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
    make_directory(data + "/tablespaces", user);
    for (const LoggedTablespace& tablespace : tablespaces) {
        make_directory(tablespace_directory(data, tablespace), user);
        const fs::path guard = place_of(data, tablespace.oid);
        std::error_code failed;
        if (fs::is_directory(fs::symlink_status(guard, failed))) fs::remove_all(guard);
    }
}

void close_tablespaces(const std::string& data, const std::vector<LoggedTablespace>& tablespaces) {
    for (const LoggedTablespace& tablespace : tablespaces) {
        const fs::path place = place_of(data, tablespace.oid);
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
