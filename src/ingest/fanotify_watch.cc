// SPDX-License-Identifier: Apache-2.0
#include "ingest/fanotify_watch.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/base/path.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <thread>

#include <fcntl.h>
#include <sys/fanotify.h>
#include <sys/stat.h>

#include "ingest/mount_list.h"

namespace yore::ingest {
namespace {

constexpr std::uint64_t changes_mask = FAN_CREATE | FAN_DELETE | FAN_MOVED_FROM | FAN_MOVED_TO |
                                       FAN_MODIFY | FAN_CLOSE_WRITE | FAN_ATTRIB | FAN_ONDIR;
constexpr std::uint64_t moved_mask = FAN_MOVED_FROM | FAN_MOVED_TO;
constexpr std::size_t directories_max = 1u << 20;
constexpr int finds_max = 4;
constexpr std::size_t outside_max = 4096;

Fd open_events() {
    Fd fd(::fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DIR_FID,
                          O_RDONLY | O_CLOEXEC));
    if (!fd && errno == EPERM)
        throw Error(Errc::denied, "following a directory by fanotify: permission denied",
                    {"run it as root: it needs CAP_SYS_ADMIN and CAP_DAC_READ_SEARCH"});
    if (!fd) throw system_error("follow", "a directory", errno);
    return fd;
}

Fd mark_file_system(int source) {
    Fd events = open_events();
    const int marked = ::fanotify_mark(events.get(), FAN_MARK_ADD | FAN_MARK_FILESYSTEM,
                                       changes_mask, source, ".");
    if (marked != 0 && errno == EPERM)
        throw Error(Errc::denied, "following a directory by fanotify: permission denied");
    if (marked != 0) throw not_followed(source, reason_of(errno));
    return events;
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

bool is_removed(int fd) {
    struct stat status {};
    return ::fstat(fd, &status) != 0 || status.st_nlink == 0;
}

}  // namespace

FanotifyWatch::FanotifyWatch(int source, Duration rest)
    : source_(source), reader_(mark_file_system(source), rest, [this](std::string_view events) {
          return note(events);
      }) {}

bool FanotifyWatch::note(std::string_view events) {
    bool concerns_us = false;
    for (std::size_t at = 0; at + sizeof(fanotify_event_metadata) <= events.size();) {
        fanotify_event_metadata metadata;
        std::memcpy(&metadata, events.data() + at, sizeof metadata);
        if (metadata.event_len < sizeof metadata || at + metadata.event_len > events.size()) break;
        const std::string handle = handle_in(events.data() + at, metadata);
        at += metadata.event_len;
        const bool is_move = (metadata.mask & moved_mask) != 0;
        const bool is_lost = (metadata.mask & FAN_Q_OVERFLOW) != 0;  // renames, too
        if (is_lost || (is_move && (metadata.mask & FAN_ONDIR) != 0)) {
            ++renames_;
            forget_outside();
        }
        if (const auto known = outside_.find(handle); known != outside_.end()) {
            known->second = true;
            continue;
        }
        concerns_us = true;
        if (is_lost || handle.empty() || seen_.handles.size() >= directories_max)
            seen_.lost = true;
        else if (bool& moved = seen_.handles[handle]; !moved)
            moved = is_move;
    }
    return concerns_us;
}

/// Some may be inside by now, and have changed since: events are put together by the kernel, so
/// that of a change there may come before that of the rename.
void FanotifyWatch::forget_outside() {
    for (const auto& [handle, has_changed] : outside_)
        if (has_changed) seen_.handles.try_emplace(handle, false);
    outside_.clear();
}

/// What is gone had its removal raise an event of the directory that it was in.
FanotifyWatch::Where FanotifyWatch::find(const std::string& handle, const std::string& top,
                                         std::string& path) const {
    alignas(file_handle) std::array<char, sizeof(file_handle) + MAX_HANDLE_SZ> bytes{};
    if (handle.size() > bytes.size()) return Where::unknown;
    std::ranges::copy(handle, bytes.begin());
    int error = 0;
    // The kernel looks for the way up from the directory, and gives up when that is in motion (seen
    // as ENOMEM beside running builds).
    for (int finds = 0; finds < finds_max; ++finds) {
        if (finds > 0) std::this_thread::sleep_for(std::chrono::milliseconds(1 << finds));
        const Fd fd(::open_by_handle_at(source_, reinterpret_cast<file_handle*>(bytes.data()),
                                        O_PATH | O_CLOEXEC));
        error = fd ? 0 : errno;
        if (fd) return place_of(fd.get(), top, path);
        if (error == ESTALE || error == ENOENT) return Where::gone;
    }
    log_debug("{}: a directory that changed cannot be found: {}", top, reason_of(error));
    return Where::unknown;
}

FanotifyWatch::Where FanotifyWatch::place_of(int directory, const std::string& top,
                                             std::string& path) const {
    if (is_removed(directory)) return Where::gone;
    path = path_of(directory);
    if (path.empty()) return is_removed(directory) ? Where::gone : Where::unknown;
    struct stat status {};
    const bool is_file = ::fstat(directory, &status) == 0 && !S_ISDIR(status.st_mode);
    if (is_file) path.resize(path.rfind('/'));
    if (!is_at_or_below(path, top)) return is_file ? Where::gone : Where::outside;
    path.erase(0, std::min(path.size(), top == "/" ? 1 : top.size() + 1));
    return Where::inside;
}

ChangeWatch::Changes FanotifyWatch::take() {
    Seen seen;
    Changes changes;
    std::uint64_t renames = 0;
    reader_.take(changes, [&] {
        std::swap(seen, seen_);
        renames = renames_;
    });
    changes.lost = changes.lost || seen.lost;
    const std::string top = path_of(source_);
    std::string path;
    std::vector<std::string> outside;
    for (const auto& [handle, moved] : seen.handles) {
        const Where where = find(handle, top, path);
        if (where == Where::unknown) changes.elsewhere = true;
        if (where == Where::outside) outside.push_back(handle);
        if (where != Where::inside) continue;
        changes.directories.insert(path);
        if (moved) changes.moved.insert(path);
    }
    if (!changes.lost) remember(std::move(outside), renames);
    return changes;
}

/// A directory that came into the source since it was looked for was renamed since, or one above it
/// was: that is known by now, or its event is still to come, and then forgets them.
void FanotifyWatch::remember(std::vector<std::string>&& outside, std::uint64_t renames) {
    reader_.under_lock([&] {
        if (renames != renames_) return;
        if (outside_.size() + outside.size() > outside_max) forget_outside();
        for (std::string& handle : outside) outside_.try_emplace(std::move(handle), false);
    });
}

}  // namespace yore::ingest
