// SPDX-License-Identifier: Apache-2.0
/// The clones that an owner knows, and whose turn it is to change one.
#pragma once

#include <yore/command/clones.h>

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "command/clone_server.h"
#include "command/live_clone.h"

namespace yore::command {

/// Who has claimed it may change it, with the lock, and may use `live` and `server` without; all
/// others look at it with the lock.
struct CloneEntry {
    CloneRecord record;
    std::string damage;   ///< of its record: it can only be removed
    std::string failure;  ///< why it could not be mounted
    std::unique_ptr<LiveClone> live;
    std::unique_ptr<CloneServer> server;  ///< on `live`, as long as that
    bool is_moment = false;               ///< what `server` began with is what its moment is
    bool gone = false;                    ///< the mount of `live` was ended
    bool claimed = false;
    bool fresh = false;      ///< made or reset, and never mounted since
    bool copied = false;     ///< a copy in which no server has run: it has the other's lock file
    bool throwaway = false;  ///< not worth a line in the log
    unsigned lookers = 0;    ///< who uses `live` without a claim: it stays meanwhile
    bool is_mounted() const { return live && !gone; }
};

/// Entries stay where they are until they are erased.
struct CloneEntries {
    mutable std::mutex mutex;
    std::condition_variable_any news;
    std::map<std::string, CloneEntry, std::less<>> by_name;
    std::uint64_t changes = 0;      ///< one more for each `news`
    std::function<void()> changed;  ///< called without the lock

    template <typename Use>
    decltype(auto) with(Use&& use) const {
        const std::scoped_lock lock(mutex);
        return use(by_name);
    }
    /// There is none: Errc::not_found. Runs with the lock.
    const CloneEntry& find(std::string_view name) const;
    /// Not mounted, or not there any more: nullopt. Reads its table, without the lock.
    std::optional<clone::Usage> usage(std::string_view name);
    /// The mount of its `live` was ended.
    void note_gone(CloneEntry&);
    /// Without the lock, after `changes` was raised.
    void tell();
};

/// The right to change an entry, for as long as it lives.
class CloneClaim {
  public:
    /// Waits for it; stopped: Errc::cancelled. There is none: Errc::not_found.
    CloneClaim(CloneEntries&, const std::string& name, const std::stop_token&);
    /// Of a new one. There is one: Errc::exists.
    CloneClaim(CloneEntries&, const std::string& name);
    CloneClaim(const CloneClaim&) = delete;
    CloneClaim& operator=(const CloneClaim&) = delete;
    ~CloneClaim();

    /// Not to be changed, but for what `live` does; `gone` only with the lock.
    const CloneEntry& operator*() const { return entry_->second; }
    const CloneEntry* operator->() const { return &entry_->second; }
    bool is_mounted() const {
        const std::scoped_lock lock(entries_.mutex);
        return entry_->second.is_mounted();
    }
    template <typename Change>
    void change(Change&& change) {
        const std::scoped_lock lock(entries_.mutex);
        change(entry_->second);
    }
    /// Ends its mount, though it is in use, and what is open of it.
    void end_live();
    void end_server(cluster::Server::End);
    /// Whether there is no such clone any more when the claim ends.
    void erase_at_end(bool erased = true) { erased_ = erased; }
    bool is_erased() const { return erased_; }
    std::function<void()> gone_notifier();

  private:
    CloneEntries& entries_;
    std::map<std::string, CloneEntry, std::less<>>::iterator entry_;
    bool erased_ = false;
};

}  // namespace yore::command
