// SPDX-License-Identifier: Apache-2.0
#include "command/clone_entries.h"

#include <yore/base/error.h>

namespace yore::command {

const CloneEntry& CloneEntries::find(std::string_view name) const {
    const auto found = by_name.find(name);
    if (found == by_name.end())
        throw Error(Errc::not_found, fmt::format("there is no clone {}", name),
                    {"`yore clone list` shows all"});
    return found->second;
}

std::optional<clone::Usage> CloneEntries::usage(std::string_view name) {
    CloneEntry* entry = nullptr;
    {
        const std::scoped_lock lock(mutex);
        const auto found = by_name.find(name);
        if (found == by_name.end() || !found->second.is_mounted()) return std::nullopt;
        entry = &found->second;
        ++entry->lookers;
    }
    const std::shared_ptr<void> looking(nullptr, [&](void*) {
        {
            const std::scoped_lock lock(mutex);
            --entry->lookers;
        }
        news.notify_all();
    });
    return entry->live->usage();
}

void CloneEntries::note_gone(CloneEntry& entry) {
    {
        const std::scoped_lock lock(mutex);
        entry.gone = true;
        ++changes;
    }
    tell();
}

void CloneEntries::tell() {
    news.notify_all();
    changed();
}

std::function<void()> CloneClaim::gone_notifier() {
    return [&entries = entries_, &entry = entry_->second] { entries.note_gone(entry); };
}

CloneClaim::CloneClaim(CloneEntries& entries, const std::string& name, const std::stop_token& stop)
    : entries_(entries) {
    std::unique_lock lock(entries.mutex);
    const bool free = entries.news.wait(lock, stop, [&] { return !entries.find(name).claimed; });
    if (!free)
        throw Error(Errc::cancelled,
                    fmt::format("stopped while something else was done to clone {}", name));
    entry_ = entries.by_name.find(name);
    entry_->second.claimed = true;
}

CloneClaim::CloneClaim(CloneEntries& entries, const std::string& name) : entries_(entries) {
    const std::scoped_lock lock(entries.mutex);
    const auto [entry, is_new] = entries.by_name.try_emplace(name);
    if (!is_new)
        throw Error(Errc::exists, fmt::format("there is a clone {} already", name),
                    {fmt::format("`yore clone remove {}` removes it", name)});
    entry_ = entry;
    entry_->second.record.name = name;
    entry_->second.claimed = true;
}

CloneClaim::~CloneClaim() {
    if (erased_) end_live();
    {
        const std::scoped_lock lock(entries_.mutex);
        entry_->second.claimed = false;
        ++entries_.changes;
        if (erased_) entries_.by_name.erase(entry_);
    }
    entries_.tell();
}

void CloneClaim::end_server(cluster::Server::End how) {
    std::unique_ptr<CloneServer> server;
    change([&](CloneEntry& entry) { server = std::move(entry.server); });
    if (server) server->end(how);
}

void CloneClaim::end_live() {
    end_server(cluster::Server::End::at_once);
    std::unique_ptr<LiveClone> live;  // it ends without the lock
    std::unique_lock lock(entries_.mutex);
    entries_.news.wait(lock, [&] { return entry_->second.lookers == 0; });
    live = std::move(entry_->second.live);
    lock.unlock();
}

}  // namespace yore::command
