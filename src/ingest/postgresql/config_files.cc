// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/config_files.h"

#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/base/path.h>

#include <cerrno>
#include <filesystem>

#include <sys/stat.h>

namespace yore::ingest {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t file_bytes_max = 1u << 20, files_max = 1000;

ClusterFiles::Held read_one(const std::string& place, const std::string& path) {
    struct stat status {};
    if (::stat(place.c_str(), &status) != 0) throw system_error("stat", place, errno);
    const auto bytes = read_file(place, file_bytes_max);
    if (!bytes) throw Error(Errc::not_found, fmt::format("{}: it is gone", place));
    return {{.path = path,
             .kind = tree::FileKind::regular,
             .permissions = status.st_mode & 07777,
             .uid = status.st_uid,
             .gid = status.st_gid,
             .size = bytes->size(),
             .modified = Timestamp::from_seconds(
                 status.st_mtim.tv_sec, static_cast<std::uint32_t>(status.st_mtim.tv_nsec)),
             .target = {}},
            std::string(as_text(*bytes))};
}

}  // namespace

ClusterFiles::HeldFiles read_config(const catalog::Source& source, Problems& problems) {
    ClusterFiles::HeldFiles files;
    const std::string& directory = source.postgresql.config_directory;
    if (directory.empty()) return files;
    std::error_code failed;
    fs::recursive_directory_iterator walk(directory, failed);
    for (; !failed && walk != fs::recursive_directory_iterator(); walk.increment(failed)) {
        const std::string place = walk->path().string();
        std::error_code unseen;
        if (walk->path().extension() != ".conf" || !walk->is_regular_file(unseen)) continue;
        if (files.size() == files_max) {
            problems.add(directory, fmt::format("more than {} files of settings", files_max));
            break;
        }
        try {
            const std::string path =
                join_path(config_top, fs::path(place).lexically_relative(directory).string());
            files[path] = read_one(place, path);
        } catch (const Error& error) {
            problems.add(place, error.what());
        }
    }
    if (failed) problems.add(directory, "files of settings: " + reason_of(failed.value()));
    return files;
}

}  // namespace yore::ingest
