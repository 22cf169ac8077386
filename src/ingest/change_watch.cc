// SPDX-License-Identifier: Apache-2.0
#include "ingest/change_watch.h"

#include <yore/base/error.h>
#include <yore/base/log.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/fanotify.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "ingest/mount_list.h"

namespace yore::ingest {
namespace {

constexpr std::uint64_t changes_mask = FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO |
                                       FAN_MODIFY | FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_ONDIR;
constexpr std::uint64_t moved_mask = FAN_MOVED_FROM | FAN_MOVED_TO;
constexpr std::size_t directories_max = 1u << 20;
constexpr std::size_t events_bytes = 64u << 10;

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

Error not_followed(const std::string& path, const std::string& type, std::string_view why) {
    return Error(Errc::unsupported,
                 fmt::format("{}: a directory on {} cannot be followed: {}", path, type, why),
                 {"`yore snapshot` works on it"});
}

void check_mounts(const std::string& top, const std::vector<MountedHere>& mounts) {
    for (const MountedHere& mount : mounts)
        if (mount.type != "fuse.yore" && mount.point.starts_with(top == "/" ? top : top + "/") &&
            mount.point != "/")
            throw Error(Errc::unsupported,
                        fmt::format("{}: {} is mounted below it, at {}; one file system is "
                                    "followed at a time",
                                    top, mount.type, mount.point),
                        {"a source with --one-file-system leaves out what is mounted below it"});
}

Fd open_events() {
    Fd fd(::fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DIR_FID,
                          O_RDONLY | O_CLOEXEC));
    if (!fd && errno == EPERM)
        throw Error(Errc::denied, "following a directory: permission denied",
                    {"run it as root: it needs CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH"});
    if (!fd) throw system_error("follow", "a directory", errno);
    return fd;
}

/// The handle in one event, with its header; none: empty.
std::string handle_in(const char* event, const fanotify_event_metadata& metadata) {
    std::size_t at = metadata.metadata_len;
    while (at + sizeof(fanotify_event_info_fid) <= metadata.event_len) {
        fanotify_event_info_header header;
        std::memcpy(&header, event + at, sizeof header);
        if (header.len == 0 || at + header.len > metadata.event_len) break;
        const std::size_t start = offsetof(fanotify_event_info_fid, handle);
        // Either type names the directory; FID may name a file that has none known.
        const bool is_handle = header.info_type == FAN_EVENT_INFO_TYPE_DFID ||
                               header.info_type == FAN_EVENT_INFO_TYPE_FID;
        if (is_handle && header.len > start) return {event + at + start, header.len - start};
        at += header.len;
    }
    return {};
}

}  // namespace

ChangeWatch::ChangeWatch(int source, bool one_file_system)
    : source_(source), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    const std::string top = path_of(source);
    const auto mounts = read_mounts();
    const std::string type = type_of(source, mounts);
    if (hides_changes(type)) throw not_followed(top, type, "it does not tell of all changes");
    if (!one_file_system) check_mounts(top, mounts);
    events_ = open_events();
    if (::fanotify_mark(events_.get(), FAN_MARK_ADD | FAN_MARK_FILESYSTEM, changes_mask, source,
                        ".") != 0)
        throw not_followed(top, type, reason_of(errno));
    reader_ = std::jthread([this](const std::stop_token& stop) { read_events(stop); });
}

ChangeWatch::~ChangeWatch() {
    reader_.request_stop();
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_.get(), &one, sizeof one);
}

void ChangeWatch::read_events(const std::stop_token& stop) {
    std::string events(events_bytes, '\0');
    while (!stop.stop_requested()) {
        std::array<pollfd, 2> waiting = {{{events_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}}};
        ::poll(waiting.data(), waiting.size(), -1);
        events.resize(events_bytes);
        const ssize_t got = ::read(events_.get(), events.data(), events.size());
        if (got < 0 && errno != EAGAIN && errno != EINTR) {
            log_error("events of changes cannot be read: {}", reason_of(errno));
            const std::scoped_lock lock(mutex_);
            seen_.lost = true;
            return;
        }
        events.resize(got < 0 ? 0 : static_cast<std::size_t>(got));
        if (!events.empty()) note(events);
    }
}

void ChangeWatch::note(const std::string& events) {
    const std::scoped_lock lock(mutex_);
    for (std::size_t at = 0; at + sizeof(fanotify_event_metadata) <= events.size();) {
        fanotify_event_metadata metadata;
        std::memcpy(&metadata, events.data() + at, sizeof metadata);
        if (metadata.event_len < sizeof metadata || at + metadata.event_len > events.size()) break;
        const std::string handle = handle_in(events.data() + at, metadata);
        if ((metadata.mask & FAN_Q_OVERFLOW) != 0 || handle.empty() ||
            seen_.handles.size() >= directories_max)
            seen_.lost = true;
        else if (bool& moved = seen_.handles[handle]; !moved)
            moved = (metadata.mask & moved_mask) != 0;
        at += metadata.event_len;
    }
    const Time now = std::chrono::steady_clock::now();
    if (!seen_.pending.any) seen_.pending = {true, now, now};
    seen_.pending.last = now;
    ++seen_.news;
    changed_.notify_all();
}

ChangeWatch::Pending ChangeWatch::wait_until(Time until, const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    changed_.wait_until(lock, stop, until, [&] { return seen_.news != told_; });
    told_ = seen_.news;
    return seen_.pending;
}

/// False: where it is cannot be told. Gone: true, and not inside.
bool ChangeWatch::resolve(const std::string& handle, const std::string& top, std::string& path,
                          bool& is_inside) const {
    is_inside = false;
    alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> bytes{};
    if (handle.size() > bytes.size()) return false;
    std::ranges::copy(handle, bytes.begin());
    const Fd fd(::open_by_handle_at(source_, reinterpret_cast<file_handle*>(bytes.data()),
                                    O_PATH | O_CLOEXEC));
    if (!fd && (errno == ESTALE || errno == ENOENT)) return true;
    if (!fd) {
        log_warning("{}: a directory that changed cannot be opened: {}", top, reason_of(errno));
        return false;
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || status.st_nlink == 0) return true;
    path = path_of(fd.get());
    if (path.empty()) return ::fstat(fd.get(), &status) == 0 && status.st_nlink == 0;
    if (!S_ISDIR(status.st_mode)) path.resize(path.rfind('/'));
    is_inside = path == top || (path.starts_with(top) && (top == "/" || path[top.size()] == '/'));
    if (is_inside) path.erase(0, std::min(path.size(), top == "/" ? 1 : top.size() + 1));
    return true;
}

ChangeWatch::Changes ChangeWatch::take() {
    Seen seen;
    {
        const std::scoped_lock lock(mutex_);
        std::swap(seen, seen_);
        seen_.news = seen.news;
    }
    Changes changes{.directories = {}, .moved = {}, .lost = seen.lost};
    const std::string top = path_of(source_);
    std::string path;
    for (const auto& [handle, moved] : seen.handles) {
        bool is_inside = false;
        if (!resolve(handle, top, path, is_inside)) changes.lost = true;
        if (!is_inside) continue;
        changes.directories.insert(path);
        if (moved) changes.moved.insert(path);
    }
    return changes;
}

}  // namespace yore::ingest
