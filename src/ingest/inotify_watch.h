// SPDX-License-Identifier: Apache-2.0
/// Watches each directory of a source with inotify(7), which needs no rights but to read them.
///
/// A directory that comes (made, or moved here) is watched with all below it, and each counts as
/// changed from when it is watched: what came into it before raised no event. One that is moved is
/// forgotten at its old place and found at the new one. Excluded directories are not watched.
/// Each watch costs the kernel about 1 KiB; fs.inotify.max_user_watches bounds them.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <unordered_map>
#include <vector>

#include "ingest/change_watch.h"
#include "ingest/event_reader.h"
#include "ingest/exclude.h"

struct inotify_event;

namespace yore::ingest {

class InotifyWatch final : public ChangeWatch {
  public:
    /// Too many directories for the limit: Errc::unsupported.
    InotifyWatch(int source, const std::vector<std::string>& excludes, Duration rest);

    Pending wait_until(Time until, const std::stop_token& stop) override {
        return reader_.wait_until(until, stop);
    }
    Changes take() override;

  private:
    Changes take(const std::function<void()>& before);
    void note(std::string_view events);
    void note(const inotify_event&, std::string_view name);
    void add_tree(const std::string& top);
    /// False: it went, or may not be read.
    bool add(int directory, const std::string& path);
    void list(int directory, const std::string& path, std::vector<std::string>& below);
    void forget_tree(const std::string& top);

    const int source_;
    const ExcludeRules excludes_;
    std::uint64_t device_ = 0;
    Buffer listing_buffer_;
    // Under the reader's lock.
    std::unordered_map<int, std::string> paths_;  ///< by watch
    std::map<std::string, int> watches_;          ///< by path
    Changes seen_;
    std::optional<Error> failure_;
    EventReader reader_;  ///< last: it calls `note`
};

}  // namespace yore::ingest
