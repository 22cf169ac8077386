// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/base/log.h>
#include <yore/base/path.h>
#include <yore/command/clones.h>
#include <yore/command/context.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <optional>

#include <unistd.h>

#include "command/clone_record.h"
#include "command/clones_state.h"

namespace yore::command {
namespace {

using Phase = CloneRecord::Phase;

/// The clock may be set meanwhile.
constexpr std::chrono::nanoseconds longest_wait = std::chrono::seconds(60);

/// It was made: true.
bool make_mountpoint(const std::string& directory) {
    std::error_code failed;
    const auto there = std::filesystem::status(directory, failed);
    if (std::filesystem::exists(there) && !std::filesystem::is_directory(there))
        throw Error(Errc::invalid, fmt::format("mount at {}: not a directory", directory),
                    {"name an empty directory, or one that is not there yet"});
    return make_directories(directory);
}

/// It names the server of the clone that was copied: none would start beside that one.
void remove_lock_file(const std::string& data) {
    const std::string path = data + "/postmaster.pid";
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw system_error("remove", path, errno);
}

/// In use: with a hint how it goes all the same.
template <typename End>
void ending(const std::string& name, const End& end) {
    try {
        end();
    } catch (const Error& error) {
        if (error.code() != Errc::busy) throw;
        auto hints = error.hints();
        hints.push_back(
            fmt::format("`yore clone remove --force {}` removes it all the same", name));
        throw Error(Errc::busy, fmt::format("clone {}: {}", name, error.what()), hints);
    }
}

/// When nobody changes it.
CloneStatus::State state_of(const CloneEntry& entry) {
    if (entry.is_mounted()) return CloneStatus::State::mounted;
    const bool failed = !entry.damage.empty() || !entry.failure.empty();
    return failed ? CloneStatus::State::failed : CloneStatus::State::unmounted;
}

}  // namespace

std::string_view name_of(CloneStatus::State state) {
    switch (state) {
        case CloneStatus::State::mounted:
            return "mounted";
        case CloneStatus::State::unmounted:
            return "unmounted";
        case CloneStatus::State::failed:
            return "failed";
        case CloneStatus::State::changing:
            return "changing";
    }
    return "unknown";
}

Clones::Clones(Context& context, std::function<void()> changed)
    : state_(std::make_unique<State>(context)) {
    state_->entries.changed = std::move(changed);
}

Clones::~Clones() {
    close_all();
}

void Clones::load() {
    state_->identities.emplace(state_->context.store().keys().inodes);
    for (auto& [name, found] : find_clones(state_->repository())) {
        CloneEntry& entry = state_->entries.by_name[name];
        entry.record = std::move(found.record);
        entry.damage = std::move(found.failure);
    }
}

CloneStatus Clones::State::status(const CloneEntry& entry) const {
    CloneStatus status;
    status.record = entry.record;
    status.directory = directory_of(entry.record);
    status.failure = entry.damage.empty() ? entry.failure : entry.damage;
    status.state = entry.claimed ? CloneStatus::State::changing : state_of(entry);
    if (entry.server) status.server = entry.server->status();
    return status;
}

/// As it is once the claim has ended.
CloneStatus Clones::State::status_after(const CloneClaim& claim) {
    auto status = entries.with([&](const auto&) {
        auto now = this->status(*claim);
        now.state = state_of(*claim);
        return now;
    });
    status.usage = entries.usage(status.record.name);
    return status;
}

void Clones::State::save_phase(CloneClaim& claim, Phase phase) {
    CloneRecord record = claim->record;
    record.phase = phase;
    save(repository(), record);
    claim.change([&](CloneEntry& entry) { entry.record = record; });
}

// How one is mounted.

void Clones::State::refuse_damaged(const CloneClaim& claim) {
    if (!claim->damage.empty())
        throw Error(Errc::corrupt, claim->damage,
                    {fmt::format("`yore clone remove {}` removes it", claim->record.name)});
}

void Clones::State::mount(CloneClaim& claim, const std::stop_token& stop) {
    const CloneRecord record = claim->record;
    const auto directory = directory_of(record);
    bool made = false;
    try {
        refuse_damaged(claim);
        end_left_server(repository(), record);
        if (detach_dead_mount(directory))
            log_info("{}: a dead mount was in the way and is detached", directory);
        made = make_mountpoint(directory);
        claim.change([&](CloneEntry& entry) { entry.gone = false; });
        auto live = std::make_unique<LiveClone>(context, *identities, record, directory,
                                                claim.gone_notifier());
        claim.change([&](CloneEntry& entry) {
            entry.live = std::move(live);
            entry.failure.clear();
            if (record.phase == Phase::making) entry.record.directory_made = made;
        });
        if (record.server) start_server(claim, stop);
    } catch (const std::exception& error) {
        claim.end_live();
        if (made) ::rmdir(directory.c_str());
        claim.change([&](CloneEntry& entry) { entry.failure = error.what(); });
        const auto* known = dynamic_cast<const Error*>(&error);
        throw(known != nullptr ? *known : Error(Errc::io, error.what()))
            .within("clone " + record.name);
    }
    if (!claim->throwaway) log_info("clone {}: mounted at {}", record.name, directory);
}

/// What its log makes elsewhere is known for good before it may be replayed, and taken from a clone
/// in which nobody has written yet.
void Clones::State::start_server(CloneClaim& claim, const std::stop_token& stop) {
    const auto directory = directory_of(claim->record);
    if (claim->fresh) {
        CloneRecord record = claim->record;
        record.tablespaces = cluster::guarded_tablespaces(directory);
        save(repository(), record);
        claim.change([&](CloneEntry& entry) { entry.record = record; });
    }
    if (claim->copied) remove_lock_file(directory);
    auto server = std::make_unique<CloneServer>(context, claim->record, directory, stop);
    const bool fresh = claim->fresh;
    if (!claim->throwaway)
        log_info("clone {}: its server answers at {}", claim->record.name,
                 server->access().socket_directory);
    claim.change([&](CloneEntry& entry) {
        entry.server = std::move(server);
        entry.is_moment = fresh;
        entry.fresh = entry.copied = false;
    });
}

CloneStatus Clones::mount(const std::string& name, const std::stop_token& stop) {
    CloneClaim claim(state_->entries, name, stop);
    state_->settle(claim);
    const bool is_whole =
        !claim->record.server || (claim->server && !claim->server->status().has_ended);
    if (claim.is_mounted() && is_whole) return state_->status_after(claim);
    state_->close(claim, InUse::detached);
    state_->mount(claim, stop);
    return state_->status_after(claim);
}

void Clones::State::close(CloneClaim& claim, InUse in_use, cluster::Server::End server_ends) {
    if (!claim->live) return;
    claim.end_server(server_ends);
    if (in_use == InUse::refused)
        claim->live->unmount();
    else
        claim->live->detach();
    claim.end_live();
    if (!claim->throwaway) log_info("clone {}: unmounted", claim->record.name);
}

// How one begins anew, and ends.

void Clones::State::make_anew(CloneClaim& claim) {
    end_left_server(repository(), claim->record);
    claim.change([](CloneEntry& entry) {
        entry.record.tablespaces.clear();
        entry.fresh = true;
        entry.copied = false;
    });
    save_phase(claim, Phase::resetting);
    clone::remove_clone(claim->record.changes);
    clone::Clone::create(claim->record.changes);
    save_phase(claim, Phase::whole);
}

CloneStatus Clones::reset(const std::string& name, const std::stop_token& stop) {
    CloneClaim claim(state_->entries, name, stop);
    state_->settle(claim);
    state_->refuse_damaged(claim);
    doing([&] { return "clone " + name; }, [&] { state_->close(claim, InUse::refused); });
    state_->make_anew(claim);
    log_info("clone {}: reset to {}", name, claim->record.moment());
    if (state_->stays()) state_->mount(claim, stop);
    return state_->status_after(claim);
}

clone::StoredTree Clones::store(const std::string& name, store::Writer& writer,
                                const std::stop_token& stop) {
    CloneClaim claim(state_->entries, name, stop);
    if (!claim->is_mounted())
        throw Error(Errc::invalid, fmt::format("clone {} is not mounted", name),
                    {fmt::format("`yore clone mount {}` mounts it", name)});
    return doing([&] { return "clone " + name; },
                 [&] { return claim->live->store(writer, state_->context.store().keys(), stop); });
}

CloneRecord Clones::remove(const std::string& name, InUse in_use, const std::stop_token& stop) {
    CloneClaim claim(state_->entries, name, stop);
    ending(name, [&] { state_->close(claim, in_use); });
    state_->save_phase(claim, Phase::removing);
    state_->discard(claim->record);
    claim.erase_at_end();
    if (!claim->throwaway) log_info("clone {}: removed", name);
    return claim->record;
}

/// It is not open.
void Clones::State::discard(const CloneRecord& record) {
    end_left_server(repository(), record);
    const auto directory = directory_of(record);
    detach_dead_mount(directory);
    clone::remove_clone(record.changes);
    remove_record(repository(), record.name);
    release_holds(record.name);
    // Not empty, or never made: it stays as it is.
    if (record.directory.empty() || record.directory_made) ::rmdir(directory.c_str());
}

void Clones::State::release_holds(std::string_view name) {
    for (const auto& source : context.catalog().sources())
        for (const auto& hold : context.catalog().holds(source.id))
            if (hold.clone == name) context.catalog().release_hold(hold.number);
}

// What an owner does besides.

void Clones::State::release_stray_holds() {
    for (const auto& source : context.catalog().sources())
        for (const auto& hold : context.catalog().holds(source.id)) {
            const bool stray = !hold.clone.empty() && entries.with([&](const auto& by_name) {
                return !by_name.contains(hold.clone);
            });
            if (!stray) continue;
            context.catalog().release_hold(hold.number);
            log_warning("hold {} of the clone {} is released: there is no such clone", hold.number,
                        hold.clone);
        }
}

/// By an owner that was killed; not by this one, whose throwaways stay in the making.
void Clones::State::end_what_was_begun(CloneClaim& claim) {
    if (claim->live || claim->throwaway) return;
    const auto& name = claim->record.name;
    switch (claim->record.phase) {
        case Phase::whole:
            return;
        case Phase::resetting:
            make_anew(claim);
            return log_info("clone {}: its reset was interrupted, and is done now", name);
        case Phase::making:
        case Phase::removing:
            discard(claim->record);
            claim.erase_at_end();
            return log_info("clone {}: it was being made or removed; what was left is removed",
                            name);
    }
}

/// Who asks for it may come before mount_at_start: what was begun is ended first all the same. A
/// clone that was mounted in the middle of its reset would lose what is written from then on.
void Clones::State::settle(CloneClaim& claim) {
    end_what_was_begun(claim);
    if (claim.is_erased())
        throw Error(Errc::not_found,
                    fmt::format("clone {}: it was being made or removed when its server ended; "
                                "what was left of it is removed",
                                claim->record.name),
                    {"`yore clone list` shows those that are there"});
}

void Clones::State::mount_at_start(const std::string& name, const std::stop_token& stop) {
    try {
        CloneClaim claim(entries, name, stop);
        end_what_was_begun(claim);
        if (!claim.is_erased() && !claim->live) mount(claim, stop);
    } catch (const Error& error) {
        if (error.code() != Errc::not_found ||
            entries.with([&](const auto& by_name) { return by_name.contains(name); }))
            log_error("{}", error.full_text());
    }
}

void Clones::mount_all(const std::stop_token& stop) {
    state_->release_stray_holds();
    for (const CloneStatus& clone : list())
        if (!stop.stop_requested()) state_->mount_at_start(clone.record.name, stop);
}

/// With the lock. `name`: whose it is.
std::optional<Timestamp> Clones::State::next_end(std::string& name) const {
    std::optional<Timestamp> next;
    for (const auto& [each, entry] : entries.by_name) {
        if (entry.claimed || !entry.record.until || (next && *next <= *entry.record.until))
            continue;
        next = entry.record.until;
        name = each;
    }
    return next;
}

std::optional<std::string> Clones::wait_for_end(const std::stop_token& stop) {
    CloneEntries& entries = state_->entries;
    std::unique_lock lock(entries.mutex);
    while (!stop.stop_requested()) {
        std::string name;
        const auto end = state_->next_end(name);
        const Timestamp now = state_->context.clock().now();
        if (end && *end <= now) return name;
        auto wait = longest_wait;
        if (end) wait = std::min(wait, std::chrono::nanoseconds((*end - now).ns));
        const auto seen = entries.changes;
        entries.news.wait_for(lock, stop, wait, [&] { return entries.changes != seen; });
    }
    return std::nullopt;
}

void Clones::close_all() {
    for (const CloneStatus& clone : list()) {
        try {
            CloneClaim claim(state_->entries, clone.record.name, {});
            state_->close(claim, InUse::detached, cluster::Server::End::clean);
        } catch (const std::exception& error) {
            log_error("clone {}: {}", clone.record.name, error.what());
        }
    }
}

// What is asked.

std::vector<CloneStatus> Clones::list() const {
    std::vector<CloneStatus> clones;
    state_->entries.with([&](const auto& by_name) {
        for (const auto& [name, entry] : by_name) clones.push_back(state_->status(entry));
    });
    for (CloneStatus& clone : clones) clone.usage = state_->entries.usage(clone.record.name);
    return clones;
}

CloneStatus Clones::show(const std::string& name) const {
    auto clone = state_->entries.with(
        [&](const auto&) { return state_->status(state_->entries.find(name)); });
    clone.usage = state_->entries.usage(name);
    return clone;
}

std::optional<CloneStatus> Clones::find_untouched(std::uint32_t source, std::string_view state,
                                                  const std::stop_token& stop) const {
    for (const CloneStatus& clone : list()) {
        if (!clone.server || clone.record.source != source || clone.record.state != state) continue;
        try {
            CloneClaim claim(state_->entries, clone.record.name, stop);
            const bool may_be = claim->server && claim->is_moment && !claim->throwaway;
            if (may_be && claim->server->is_untouched(stop)) return clone;
        } catch (const Error& error) {
            if (error.code() == Errc::cancelled) throw;
        }
    }
    return std::nullopt;
}

void Clones::end_server(const std::string& name, const std::stop_token& stop) {
    CloneClaim claim(state_->entries, name, stop);
    claim.end_server(cluster::Server::End::clean);
}

bool Clones::is_there(std::string_view name) const {
    return state_->entries.with([&](const auto& by_name) { return by_name.contains(name); });
}

void Clones::each_mount(const std::function<void(const mount::WritableMount&)>& visit) const {
    state_->entries.with([&](const auto& by_name) {
        for (const auto& [name, entry] : by_name)
            if (entry.is_mounted()) visit(entry.live->mount());
    });
}

std::size_t Clones::live() const {
    return state_->entries.with([&](const auto& by_name) {
        return static_cast<std::size_t>(std::ranges::count_if(by_name, [](const auto& each) {
            return each.second.claimed || each.second.is_mounted();
        }));
    });
}

}  // namespace yore::command
