// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/catalog/follow_pause.h>
#include <yore/catalog/log.h>
#include <yore/command/followers.h>
#include <yore/ingest/follow.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <numeric>

namespace yore::command {
namespace {

struct Entry {
    FollowerStatus status;
    FollowerStatus before;  ///< what its counts were when the turn began
    bool has_turn = false;
    bool try_now = false;  ///< not only when it is time
    /// With the turn, unless it is paused: stops following.
    std::stop_source following{std::nostopstate};
};
using Entries = std::map<std::string, Entry>;

void become(FollowerStatus& status, FollowerStatus::State state, Timestamp now) {
    status.state = state;
    status.since = now;
    status.failure.clear();
    status.retry_at.reset();
    status.pending_since.reset();
}

void wait(FollowerStatus& status, const std::string& why, Timestamp retry_at, Timestamp now) {
    const bool is_new = status.state != FollowerStatus::State::waiting;
    become(status, FollowerStatus::State::waiting, is_new ? now : status.since);
    status.failure = why;
    status.retry_at = retry_at;
    ++status.failures;
}

}  // namespace

void LagCounts::add(Duration lag) {
    const auto bound = std::ranges::lower_bound(bounds, lag);
    ++counts[static_cast<std::size_t>(bound - bounds.begin())];
    sum.ns += lag.ns;
    longest = std::max(longest, lag);
}

std::uint64_t LagCounts::count() const {
    return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

Duration FollowerStatus::behind(Timestamp now) const {
    auto since_when = known_until.value_or(since);
    if (state == State::following) {
        if (!pending_since) return {};
        since_when = *pending_since;
    }
    return std::max(now - since_when, Duration{});
}

std::string_view name_of(FollowerStatus::State state) {
    switch (state) {
        case FollowerStatus::State::starting:
            return "starting";
        case FollowerStatus::State::following:
            return "following";
        case FollowerStatus::State::waiting:
            return "waiting";
        case FollowerStatus::State::paused:
            return "paused";
    }
    return "unknown";
}

struct Followers::State {
    State(const catalog::Catalog& catalog_in, const Clock& clock_in)
        : catalog(catalog_in),
          clock(clock_in),
          pauses(catalog::load_follow_pauses(catalog_in.store())) {}

    const catalog::Catalog& catalog;
    const Clock& clock;
    std::mutex changing;  ///< held from a look at `pauses` to the commit, and taken before `mutex`
    mutable std::mutex mutex;  ///< guards what follows; nothing is stored under it
    std::condition_variable_any changed;
    Entries entries;
    std::map<std::uint32_t, Timestamp> pauses;  ///< since when, by the source's id

    template <typename Use>
    decltype(auto) with(Use&& use) {
        std::scoped_lock lock(mutex);
        return std::forward<Use>(use)(entries);
    }

    /// One that is new begins in `starting`.
    static Entry& entry_of(Entries& all, const catalog::Source& source,
                           std::optional<Timestamp> known, Timestamp now) {
        Entry& entry = all[source.name];
        if (entry.status.source.empty()) {
            entry.status.source = source.name;
            entry.status.known_until = known;
            entry.status.since = now;
        }
        entry.status.source_id = source.id;
        return entry;
    }
    void end_turn(const std::string& source) {
        with([&](Entries& all) {
            const auto found = all.find(source);
            found->second.has_turn = false;
            if (!found->second.status.configured) all.erase(found);
        });
        changed.notify_all();
    }
};

Followers::Followers(const catalog::Catalog& catalog, const Clock& clock)
    : state_(std::make_unique<State>(catalog, clock)) {}
Followers::~Followers() = default;

std::vector<FollowerStatus> Followers::list() const {
    return state_->with([&](const Entries& all) {
        std::vector<FollowerStatus> found;
        for (const auto& [name, entry] : all) {
            found.push_back(entry.status);
            const auto pause = state_->pauses.find(entry.status.source_id);
            if (pause != state_->pauses.end() && !entry.has_turn)
                become(found.back(), FollowerStatus::State::paused, pause->second);
        }
        return found;
    });
}

std::optional<Timestamp> Followers::known_until(std::uint32_t source) const {
    const catalog::Logs logs(state_->catalog.store());
    const auto incarnations = logs.incarnations(source);
    if (incarnations.empty()) return std::nullopt;
    const auto number = incarnations.back().number;
    const auto runs = logs.runs(source, number);
    if (runs.empty()) return std::nullopt;
    const auto last = logs.segment_ending_at(source, number, runs.back().end);
    return last ? std::optional(last->last_time) : std::nullopt;
}

std::shared_ptr<void> Followers::take_turn(const catalog::Source& source) {
    const auto known = known_until(source.id);
    const Timestamp now = state_->clock.now();
    const bool taken = state_->with([&](Entries& all) {
        Entry& entry = State::entry_of(all, source, known, now);
        if (entry.has_turn) return false;
        entry.has_turn = true;
        entry.try_now = false;
        become(entry.status, FollowerStatus::State::starting, now);
        ++entry.status.starts;
        entry.before = entry.status;
        return true;
    });
    if (!taken) throw Error(Errc::busy, fmt::format("source {} is followed already", source.name));
    return std::shared_ptr<void>(
        nullptr, [state = state_.get(), name = source.name](void*) { state->end_turn(name); });
}

std::optional<std::stop_source> Followers::begin(const catalog::Source& source) {
    const auto part = state_->with([&](Entries& all) -> std::optional<std::stop_source> {
        Entry& entry = all.at(source.name);
        const auto pause = state_->pauses.find(source.id);
        const bool is_paused = pause != state_->pauses.end();
        entry.following = is_paused ? std::stop_source(std::nostopstate) : std::stop_source();
        if (!is_paused) return entry.following;
        become(entry.status, FollowerStatus::State::paused, pause->second);
        return std::nullopt;
    });
    if (!part) state_->changed.notify_all();
    return part;
}

void Followers::rest(const catalog::Source& source, const std::stop_token& stop) {
    std::unique_lock lock(state_->mutex);
    const auto is_over = [&] { return !state_->pauses.contains(source.id); };
    if (!state_->changed.wait(lock, stop, is_over)) return;
    become(state_->entries.at(source.name).status, FollowerStatus::State::starting,
           state_->clock.now());
    state_->changed.notify_all();
}

void Followers::pause(const catalog::Source& source, const std::stop_token& stop) {
    {
        std::scoped_lock changing(state_->changing);
        if (!paused_since(source.id)) {
            const Timestamp now = state_->clock.now();
            const store::RecordChange change[] = {catalog::put_follow_pause(source.id, now)};
            state_->catalog.store().commit(change);
            std::scoped_lock lock(state_->mutex);
            state_->pauses.emplace(source.id, now);
        }
    }
    auto following = state_->with([&](Entries& all) {
        const auto found = all.find(source.name);
        return found == all.end() ? std::stop_source(std::nostopstate) : found->second.following;
    });
    following.request_stop();  // not under the lock: who follows may want it, to note something
    std::unique_lock lock(state_->mutex);
    const bool is_still = state_->changed.wait(lock, stop, [&] {
        const auto found = state_->entries.find(source.name);
        return found == state_->entries.end() || !found->second.has_turn ||
               found->second.status.state == FollowerStatus::State::paused ||
               !state_->pauses.contains(source.id);
    });
    if (!is_still)
        throw Error(Errc::cancelled,
                    fmt::format("source {} is paused, but does not rest yet", source.name));
}

void Followers::resume(const catalog::Source& source) {
    std::scoped_lock changing(state_->changing);
    if (!paused_since(source.id))
        throw Error(Errc::invalid, fmt::format("source {} is not paused", source.name),
                    {"`yore log status` shows what is"});
    const store::RecordChange change[] = {catalog::remove_follow_pause(source.id)};
    state_->catalog.store().commit(change);
    state_->with([&](Entries& all) {
        state_->pauses.erase(source.id);
        if (const auto found = all.find(source.name); found != all.end())
            found->second.try_now = true;
    });
    state_->changed.notify_all();
}

std::optional<Timestamp> Followers::paused_since(std::uint32_t source) const {
    return state_->with([&](const Entries&) {
        const auto found = state_->pauses.find(source);
        return found == state_->pauses.end() ? std::nullopt : std::optional(found->second);
    });
}

void Followers::note(const catalog::Source& source, const ingest::Followed& followed) {
    const Timestamp now = state_->clock.now();
    state_->with([&](Entries& all) {
        Entry& entry = all.at(source.name);
        FollowerStatus& status = entry.status;
        const FollowerStatus& before = entry.before;
        const bool is_first = status.state != FollowerStatus::State::following;
        if (is_first) become(status, FollowerStatus::State::following, now);
        const auto moments = before.moments + followed.moments;
        // The first look has no event before it, and how long it took is no lag.
        if (moments > status.moments && !is_first) {
            status.last_lag = followed.lag;
            status.lags.add(followed.lag);
        }
        status.moments = moments;
        status.records = before.records + followed.records;
        status.lost = before.lost + followed.lost;
        status.bytes = before.bytes + followed.bytes;
        status.pinned = followed.pinned;
        if (followed.known_until.ns != 0) status.known_until = followed.known_until;
        status.pending_since = followed.pending_since;
    });
}

void Followers::want(const catalog::Source& source) {
    const auto known = known_until(source.id);
    const Timestamp now = state_->clock.now();
    state_->with(
        [&](Entries& all) { State::entry_of(all, source, known, now).status.configured = true; });
}

void Followers::unwant(const catalog::Source& source) {
    state_->with([&](Entries& all) {
        const auto found = all.find(source.name);
        if (found == all.end()) return;
        found->second.status.configured = false;
        if (!found->second.has_turn) all.erase(found);
    });
}

void Followers::interrupted(const catalog::Source& source, const std::string& why,
                            Timestamp retry_at) {
    const Timestamp now = state_->clock.now();
    state_->with([&](Entries& all) { wait(all.at(source.name).status, why, retry_at, now); });
}

void Followers::slot_dropped(const catalog::Source& source) {
    state_->with([&](Entries& all) { ++all.at(source.name).status.slots_dropped; });
}

void Followers::failed(const catalog::Source& source, const std::string& why, Timestamp retry_at) {
    const Timestamp now = state_->clock.now();
    state_->with([&](Entries& all) {
        const auto found = all.find(source.name);
        if (found == all.end() || found->second.has_turn) return;
        wait(found->second.status, why, retry_at, now);
    });
}

void Followers::wait_to_retry(const catalog::Source& source, Duration delay,
                              const std::stop_token& stop) {
    std::unique_lock lock(state_->mutex);
    const auto found = state_->entries.find(source.name);
    if (found == state_->entries.end()) return;
    bool& try_now = found->second.try_now;
    state_->changed.wait_for(lock, stop, std::chrono::nanoseconds(delay.ns),
                             [&] { return try_now; });
    try_now = false;
}

void Followers::try_now(const catalog::Source& source) {
    state_->with([&](Entries& all) {
        if (const auto found = all.find(source.name); found != all.end())
            found->second.try_now = true;
    });
    state_->changed.notify_all();
}

}  // namespace yore::command
