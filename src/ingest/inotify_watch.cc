// SPDX-License-Identifier: Apache-2.0
#include "ingest/inotify_watch.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/base/path.h>

#include <cerrno>
#include <cstring>
#include <fstream>

#include <fmt/format.h>
#include <sys/inotify.h>

#include "ingest/file_status.h"
#include "ingest/listing.h"
#include "ingest/mount_list.h"

namespace yore::ingest {
namespace {

constexpr std::uint32_t moved_mask = IN_MOVED_FROM | IN_MOVED_TO;
constexpr std::uint32_t comes_mask = IN_CREATE | IN_MOVED_TO;
constexpr std::uint32_t changes_mask = IN_CREATE | IN_DELETE | moved_mask | IN_MODIFY |
                                       IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |
                                       IN_ONLYDIR;

Fd open_events() {
    Fd fd(::inotify_init1(IN_CLOEXEC | IN_NONBLOCK));
    if (!fd && errno == EMFILE)
        throw Error(Errc::unsupported, "following a directory: too many inotify instances",
                    {"fs.inotify.max_user_instances bounds them for each user"});
    if (!fd) throw system_error("follow", "a directory", errno);
    return fd;
}

std::uint64_t watches_max() {
    std::uint64_t max = 0;
    std::ifstream("/proc/sys/fs/inotify/max_user_watches") >> max;
    return max;
}

Error too_many(const std::string& top, std::size_t watched) {
    return Error(
        Errc::unsupported,
        fmt::format("{}: no more of its directories can be watched than {}: a user's "
                    "fs.inotify.max_user_watches is {}",
                    top, watched, watches_max()),
        {fmt::format("as root: `sysctl fs.inotify.max_user_watches={}`", 4 * watches_max()),
         "or follow it as root: one mark then watches the whole file system"});
}

}  // namespace

InotifyWatch::InotifyWatch(int source, const std::vector<std::string>& excludes, Duration rest)
    : source_(source),
      excludes_(excludes),
      listing_buffer_(64u << 10),
      reader_(open_events(), rest, [this](std::string_view events) {
          note(events);
          return true;  // only directories of the source are watched
      }) {
    FileStatus status;
    if (const int error = status_of(source, status))
        throw system_error("stat", path_of(source), error);
    device_ = status.device;
    take([&] { add_tree(""); });
}

void InotifyWatch::note(std::string_view events) {
    for (std::size_t at = 0; at + sizeof(inotify_event) <= events.size();) {
        inotify_event event;
        std::memcpy(&event, events.data() + at, sizeof event);
        at += sizeof event;
        if (event.len > events.size() - at) break;
        std::string_view name = events.substr(at, event.len);
        at += event.len;
        note(event, name.substr(0, name.find('\0')));
    }
}

void InotifyWatch::note(const inotify_event& event, std::string_view name) {
    if ((event.mask & IN_Q_OVERFLOW) != 0) seen_.lost = true;
    const auto known = paths_.find(event.wd);
    if (known == paths_.end()) return;
    const std::string directory = known->second;
    if ((event.mask & IN_IGNORED) != 0) {
        const auto watch = watches_.find(directory);
        if (watch != watches_.end() && watch->second == event.wd) watches_.erase(watch);
        paths_.erase(known);
        return;
    }
    seen_.directories.insert(directory);
    if ((event.mask & moved_mask) != 0) seen_.moved.insert(directory);
    if ((event.mask & IN_ISDIR) == 0 || name.empty()) return;
    if ((event.mask & IN_MOVED_FROM) != 0) forget_tree(join_path(directory, name));
    if ((event.mask & comes_mask) != 0) add_tree(join_path(directory, name));
}

void InotifyWatch::add_tree(const std::string& top) {
    std::vector<std::string> pending{top};
    while (!pending.empty() && !failure_) {
        const std::string path = std::move(pending.back());
        pending.pop_back();
        if (!path.empty() && excludes_.excludes(path, PathKind::directory)) continue;
        const Fd directory = open_below(source_, path);
        FileStatus status;
        if (!directory || status_of(directory.get(), status) != 0 || status.device != device_)
            continue;
        if (add(directory.get(), path)) list(directory.get(), path, pending);
    }
}

bool InotifyWatch::add(int directory, const std::string& path) {
    const std::string place = fmt::format("/proc/self/fd/{}", directory);
    const int watch = ::inotify_add_watch(reader_.events(), place.c_str(), changes_mask);
    if (watch < 0 && errno == ENOSPC) failure_ = too_many(path_of(source_), paths_.size());
    if (watch < 0) {
        log_debug("{}: not watched: {}", path, reason_of(errno));
        return false;
    }
    // A directory has one watch: it may have been known at another place.
    if (const auto known = paths_.find(watch); known != paths_.end()) {
        const auto there = watches_.find(known->second);
        if (there != watches_.end() && there->second == watch) watches_.erase(there);
    }
    paths_[watch] = path;
    watches_[path] = watch;
    seen_.directories.insert(path);
    return true;
}

void InotifyWatch::list(int directory, const std::string& path, std::vector<std::string>& below) {
    Listing listing;
    listing.read(directory, listing_buffer_.span());
    for (std::size_t i = 0; i < listing.size(); ++i)
        if (listing.kind(i).value_or(PathKind::directory) == PathKind::directory)
            below.push_back(join_path(path, listing.name(i)));
}

void InotifyWatch::forget_tree(const std::string& top) {
    for (auto at = watches_.lower_bound(top); at != watches_.end() && at->first.starts_with(top);) {
        if (!is_at_or_below(at->first, top)) {
            ++at;
            continue;
        }
        ::inotify_rm_watch(reader_.events(), at->second);
        paths_.erase(at->second);
        at = watches_.erase(at);
    }
}

ChangeWatch::Changes InotifyWatch::take() {
    // Among the events that are missing may be those of new directories.
    return take([&] {
        if (seen_.lost) add_tree("");
    });
}

ChangeWatch::Changes InotifyWatch::take(const std::function<void()>& before) {
    Changes changes;
    std::optional<Error> failure;
    reader_.take(changes, [&] {
        before();
        std::swap(changes, seen_);
        failure = failure_;
    });
    if (failure) throw *failure;
    return changes;
}

}  // namespace yore::ingest
