// SPDX-License-Identifier: Apache-2.0
#include "ingest/change_watch.h"

#include <yore/base/error.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "ingest/fanotify_watch.h"
#include "ingest/inotify_watch.h"
#include "ingest/mount_list.h"

namespace yore::ingest {
namespace {

/// Where another machine may change files without an event here, or where there are none.
bool hides_changes(std::string_view type) {
    constexpr std::array<std::string_view, 14> types = {
        "9p",  "afs",  "ceph",   "cifs",     "fuse",  "gfs2", "glusterfs",
        "nfs", "nfs4", "lustre", "orangefs", "ocfs2", "smb3", "virtiofs"};
    return std::ranges::find(types, type) != types.end() || type.starts_with("fuse.");
}

std::string type_of(int directory, const std::vector<MountedHere>& mounts) {
    struct stat status {};
    if (::fstat(directory, &status) != 0) return "unknown";
    const auto device = fmt::format("{}:{}", major(status.st_dev), minor(status.st_dev));
    const auto mount = std::ranges::find(mounts, device, &MountedHere::device);
    return mount == mounts.end() ? "unknown" : mount->type;
}

}  // namespace

void check_watchable(int source, const catalog::DirectoryOptions& options) {
    const std::string top = path_of(source);
    const auto mounts = read_mounts();
    if (const std::string type = type_of(source, mounts); hides_changes(type))
        throw not_followed(source, "it does not tell of all changes");
    if (options.one_file_system) return;
    const std::string below = top == "/" ? top : top + "/";
    for (const MountedHere& mount : mounts)
        if (mount.type != "fuse.yore" && mount.point.starts_with(below) && mount.point != "/")
            throw Error(Errc::unsupported,
                        fmt::format("{}: {} is mounted below it, at {}; one file system is "
                                    "followed at a time",
                                    top, mount.type, mount.point),
                        {"a source with --one-file-system leaves out what is mounted below it"});
}

Error not_followed(int source, std::string_view why) {
    return Error(Errc::unsupported,
                 fmt::format("{}: a directory on {} cannot be followed: {}", path_of(source),
                             type_of(source, read_mounts()), why),
                 {"`yore snapshot` works on it"});
}

std::unique_ptr<ChangeWatch> watch_changes(int source, const catalog::DirectoryOptions& options,
                                           const WatchOptions& watching) {
    check_watchable(source, options);
    if (watching.by != FollowBy::inotify) {
        try {
            return std::make_unique<FanotifyWatch>(source, watching.rest);
        } catch (const Error& error) {
            if (watching.by == FollowBy::fanotify || error.code() != Errc::denied) throw;
        }
    }
    return std::make_unique<InotifyWatch>(source, options.excludes, watching.rest);
}

}  // namespace yore::ingest
