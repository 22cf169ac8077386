// SPDX-License-Identifier: Apache-2.0
#include "server/wanted_mounts.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/command.h>
#include <yore/command/text.h>

#include <algorithm>

#include <nlohmann/json.hpp>

namespace yore::server {
namespace {

using namespace std::chrono_literals;
constexpr std::chrono::milliseconds first_wait = 500ms;
constexpr std::chrono::milliseconds longest_wait = 30s;

/// For commands that have nothing to tell but their result.
struct NoOutput final : command::Output {
    void event(const nlohmann::json&) override {}
    void bytes(ByteView) override {}
};

void run(command::Context& context, std::string_view name, const nlohmann::json& request) {
    NoOutput output;
    command::NoInput input;
    command::run(context, name, {request, output, input, {}});
}

}  // namespace

bool WantedMounts::is_there(const std::string& directory) const {
    return std::ranges::count(context_.mounts().directories(), directory) > 0;
}

void WantedMounts::want(const std::vector<MountConfig>& wanted) {
    for (Entry& entry : entries_) {
        const bool stays = std::ranges::count(wanted, entry.wanted) > 0;
        const bool there = entry.state == State::there || entry.state == State::unwanted;
        if (!stays)
            entry.state = there ? State::unwanted : State::done;
        else if (!there || !is_there(entry.directory))
            entry.state = State::missing;
        else
            entry.state = State::there;
        entry.due = {};
        entry.wait = first_wait;
        entry.failure.clear();
    }
    entries_.remove_if([](const Entry& entry) { return entry.state == State::done; });
    for (const MountConfig& mount : wanted)
        if (std::ranges::count(entries_, mount, &Entry::wanted) == 0)
            entries_.push_back({mount, {}, State::missing, {}, first_wait, {}});
}

std::optional<WantedMounts::Time> WantedMounts::step(Time now) {
    for (const State state : {State::unwanted, State::missing})
        for (Entry& entry : entries_)
            if (entry.state == state && entry.due <= now && !blocked(entry)) try_entry(entry, now);
    entries_.remove_if([](const Entry& entry) { return entry.state == State::done; });
    std::optional<Time> next;
    for (const Entry& entry : entries_)
        if (entry.state != State::there && !blocked(entry))
            next = std::min(next.value_or(entry.due), entry.due);
    return next;
}

bool WantedMounts::blocked(const Entry& entry) const {
    return entry.state == State::missing && std::ranges::any_of(entries_, [&](const Entry& other) {
               return other.state == State::unwanted &&
                      other.wanted.directory == entry.wanted.directory;
           });
}

void WantedMounts::try_entry(Entry& entry, Time now) {
    try {
        entry.state = entry.state == State::missing ? make(entry) : take_away(entry);
    } catch (const Error& error) {
        entry.due = now + entry.wait;
        entry.wait = std::min(2 * entry.wait, longest_wait);
        if (entry.failure == error.what()) return;
        entry.failure = error.what();
        log_warning("{}; it is tried again until it works", error.full_text());
    }
}

WantedMounts::State WantedMounts::make(Entry& entry) {
    entry.directory = command::mountpoint_name(entry.wanted.directory);
    if (is_there(entry.directory)) return State::there;
    nlohmann::json request{{"allow_other", entry.wanted.allow_other}};
    command::put_bytes(request, "directory", entry.directory);
    run(context_, "mount", request);
    return State::there;
}

WantedMounts::State WantedMounts::take_away(Entry& entry) {
    if (!is_there(entry.directory)) return State::done;
    nlohmann::json request = nlohmann::json::object();
    command::put_bytes(request, "directory", entry.directory);
    run(context_, "umount", request);
    return State::done;
}

}  // namespace yore::server
