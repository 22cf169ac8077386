// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/schedules.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>

#include "command/moment.h"

namespace yore::command {
namespace {

using catalog::ScheduleKey;
using timeline::Decision;

/// However far the next due time is: the clock may be set meanwhile.
constexpr std::chrono::seconds longest_wait{60};

struct Item {
    timeline::Schedule schedule;
    ScheduleState state;
    bool configured = false;
    bool asked_for = false;  ///< to run now
};
using Items = std::map<ScheduleKey, Item>;

Schedules::Entry entry_of(const ScheduleKey& key, const Item& item) {
    return {key, item.schedule, item.state, item.configured};
}

void refuse_configured(const Item& item) {
    if (item.configured)
        throw Error(Errc::invalid,
                    fmt::format("schedule {} stands in the settings", item.schedule.name()),
                    {"change it there"});
}

}  // namespace

struct Schedules::State {
    State(catalog::Catalog& catalog_in, const Clock& clock_in, AskLog ask_log_in)
        : catalog(catalog_in), clock(clock_in), ask_log(std::move(ask_log_in)) {}

    catalog::Catalog& catalog;
    const Clock& clock;
    const AskLog ask_log;
    std::once_flag loaded;
    std::mutex changing;  ///< held from a look to the commit, and taken before `mutex`
    std::mutex mutex;     ///< guards what follows; nothing is stored under it
    std::condition_variable_any changed;
    bool news = false;  ///< since the scheduler last looked
    bool attached = false;
    Items items;

    void load();
    Items recorded();
    void replace(Items);
    Items seen();
    ScheduleKey key_of(const Which&) const;
    Item item(const ScheduleKey&, const Which&);
    void put(const ScheduleKey&, const Item&);
    void save(const std::vector<store::RecordChange>&);
    bool is_asleep(const ScheduleKey&) const;
    bool has_work(const ScheduleKey&, const Item&) const;
    Decision step(const ScheduleKey&, Item&, Timestamp now);
    void wait_for_news(const std::stop_token&, std::optional<Timestamp> until);
    template <typename Apply>
    Entry modify(const Which&, const Apply&);
};

/// Those that were set by command. What this version cannot read, or has lost its source, is left
/// out.
Items Schedules::State::recorded() {
    Items found;
    for (auto& [key, spec] : catalog::load_schedules(catalog.store())) {
        try {
            const auto source = catalog.source(key.source);
            if (source) spec.source = source->name;
            found.emplace(key, Item{timeline::Schedule(spec), {}});
        } catch (const Error& error) {
            log_warning("left out: {}", error.what());
        }
    }
    return found;
}

/// Each goes on from where it was; one that is new begins now. What an earlier process left running
/// has ended.
void Schedules::State::replace(Items fresh) {
    const auto stored = catalog::load_schedule_states(catalog.store());
    const auto before = seen();
    std::vector<store::RecordChange> changes;
    for (auto& [key, item] : fresh) {
        const auto state = stored.find(key);
        if (const auto known = before.find(key); known != before.end()) {
            const Item& old = known->second;
            item.state = old.state;
            item.asked_for = old.asked_for;
            // What the old line had due is not made up for.
            if (old.schedule.spec() != item.schedule.spec()) item.state.handled = clock.now();
            continue;
        }
        if (state != stored.end())
            item.state = after_restart(item.schedule, state->second, clock.now());
        else
            item.state.handled = clock.now();
        if (state == stored.end() || state->second != item.state)
            changes.push_back(catalog::put(key, item.state));
    }
    if (!changes.empty()) save(changes);
    {
        std::scoped_lock lock(mutex);
        items = std::move(fresh);
        news = true;
    }
    changed.notify_all();
}

void Schedules::State::load() {
    std::call_once(loaded, [&] { replace(recorded()); });
}

/// Those whose source was purged are gone.
Items Schedules::State::seen() {
    const auto sources = catalog.sources();
    std::scoped_lock lock(mutex);
    std::erase_if(items, [&](const auto& item) {
        return item.first.source != 0 &&
               std::ranges::count(sources, item.first.source, &catalog::Source::id) == 0;
    });
    return items;
}

/// A source that nothing feeds any more is read no more.
bool Schedules::State::is_asleep(const ScheduleKey& key) const {
    const auto source = catalog.source(key.source);
    const bool reads_source = key.task == ScheduledTask::snapshot ||
                              key.task == ScheduledTask::check ||
                              key.task == ScheduledTask::roll_forward;
    return reads_source && source && source->removed;
}

ScheduleKey Schedules::State::key_of(const Which& which) const {
    if (which.source.empty()) return {0, which.task};
    return {find_source(catalog, which.source).id, which.task};
}

Item Schedules::State::item(const ScheduleKey& key, const Which& which) {
    const auto all = seen();
    const auto found = all.find(key);
    if (found == all.end())
        throw Error(Errc::not_found,
                    fmt::format("there is no schedule {}",
                                timeline::schedule_name(which.task, which.source)),
                    {"`yore schedule list` shows them"});
    return found->second;
}

void Schedules::State::put(const ScheduleKey& key, const Item& item) {
    {
        std::scoped_lock lock(mutex);
        items.insert_or_assign(key, item);
        news = true;
    }
    changed.notify_all();
}

/// What cannot be recorded is no reason to run nothing.
void Schedules::State::save(const std::vector<store::RecordChange>& changes) {
    if (catalog.store().read_only()) return;
    try {
        catalog.store().commit(changes);
    } catch (const Error& error) {
        log_warning("how far a schedule has come is not recorded: {}", error.what());
    }
}

template <typename Apply>
Schedules::Entry Schedules::State::modify(const Which& which, const Apply& apply) {
    load();
    std::scoped_lock lock(changing);
    const ScheduleKey key = key_of(which);
    Item changed_item = item(key, which);
    const ScheduleState before = changed_item.state;
    apply(changed_item);
    if (changed_item.state != before) {
        const store::RecordChange change[] = {catalog::put(key, changed_item.state)};
        catalog.store().commit(change);
    }
    put(key, changed_item);
    return entry_of(key, changed_item);
}

/// Of one that is due by time: whether there is as much to do as it asks for.
bool Schedules::State::has_work(const ScheduleKey& key, const Item& item) const {
    if (key.task != ScheduledTask::roll_forward || item.asked_for || !ask_log) return true;
    try {
        return timeline::is_worth_running(item.schedule.spec(), ask_log(key.source));
    } catch (const std::exception& error) {
        log_warning("schedule {}: what there is to roll forward is not known: {}",
                    item.schedule.name(), error.what());
        return false;
    }
}

/// Decides about one and notes it. `stepped` is then what it has become.
Decision Schedules::State::step(const ScheduleKey& key, Item& stepped, Timestamp now) {
    std::scoped_lock lock(changing);
    const auto all = seen();
    const auto found = all.find(key);
    if (found == all.end() || is_asleep(key)) return {};
    stepped = found->second;
    const ScheduleState before = stepped.state;
    stepped.state = timeline::after_clock_step(stepped.state, now);
    Decision decision = decide(stepped.schedule, stepped.state, now);
    if (stepped.asked_for && !stepped.state.running) decision = {Decision::What::run};
    if (decision.what == Decision::What::run && !has_work(key, stepped)) {
        stepped.state = timeline::after_leaving_out(stepped.state, now);
        put(key, stepped);  // not recorded: the next process may look at once
        return {Decision::What::wait, next_due(stepped.schedule, stepped.state)};
    }
    switch (decision.what) {
        case Decision::What::wait:
            break;
        case Decision::What::run:
            stepped.asked_for = false;
            stepped.state = timeline::after_start(stepped.state, now);
            break;
        case Decision::What::leave_out:
            log_warning("schedule {} is due, but still runs: left out", stepped.schedule.name());
            stepped.state = timeline::after_leaving_out(stepped.state, now);
            decision.look_again = now;
            break;
    }
    if (stepped.state == before) return decision;
    save({catalog::put(key, stepped.state)});
    put(key, stepped);
    return decision;
}

void Schedules::State::wait_for_news(const std::stop_token& stop, std::optional<Timestamp> until) {
    std::chrono::nanoseconds wait = longest_wait;
    if (until) wait = std::min(wait, std::chrono::nanoseconds((*until - clock.now()).ns));
    std::unique_lock lock(mutex);
    changed.wait_for(lock, stop, wait, [&] { return news; });
    news = false;
}

Schedules::Schedules(catalog::Catalog& catalog, const Clock& clock, AskLog ask_log)
    : state_(std::make_unique<State>(catalog, clock, std::move(ask_log))) {}
Schedules::~Schedules() = default;

void Schedules::configure(const std::vector<ScheduleSpec>& specs,
                          const std::vector<ScheduleSpec>& otherwise) {
    state_->load();
    std::scoped_lock lock(state_->changing);
    Items configured;
    for (const ScheduleSpec& spec : specs) {
        const ScheduleKey key = state_->key_of({spec.task, spec.source});
        timeline::Schedule schedule(spec);
        const auto name = schedule.name();
        if (!configured.emplace(key, Item{std::move(schedule), {}, true}).second)
            throw Error(Errc::invalid, fmt::format("schedule {} is there twice", name));
    }
    configured.merge(state_->recorded());
    for (const ScheduleSpec& spec : otherwise)
        configured.try_emplace(state_->key_of({spec.task, spec.source}),
                               Item{timeline::Schedule(spec), {}, false});
    // One that comes back some day begins anew.
    std::vector<store::RecordChange> gone;
    for (const auto& [key, state] : catalog::load_schedule_states(state_->catalog.store()))
        if (!configured.contains(key)) gone.push_back(catalog::remove_schedule_state(key));
    if (!gone.empty()) state_->save(gone);
    state_->replace(std::move(configured));
}

std::vector<Schedules::Entry> Schedules::list() {
    state_->load();
    std::vector<Entry> entries;
    for (const auto& [key, item] : state_->seen()) entries.push_back(entry_of(key, item));
    return entries;
}

Schedules::Entry Schedules::show(const Which& which) {
    state_->load();
    const ScheduleKey key = state_->key_of(which);
    return entry_of(key, state_->item(key, which));
}

Schedules::Entry Schedules::set(const ScheduleSpec& spec) {
    state_->load();
    const timeline::Schedule schedule(spec);
    std::scoped_lock lock(state_->changing);
    const ScheduleKey key = state_->key_of({spec.task, spec.source});
    Item item{schedule, {}};
    item.state.handled = state_->clock.now();
    const auto all = state_->seen();
    if (const auto before = all.find(key); before != all.end()) {
        refuse_configured(before->second);
        // What the old line had due is not made up for.
        const auto handled = item.state.handled;
        item.state = before->second.state;
        item.state.handled = handled;
    }
    const store::RecordChange changes[] = {catalog::put(key, spec), catalog::put(key, item.state)};
    state_->catalog.store().commit(changes);
    state_->put(key, item);
    return entry_of(key, item);
}

Schedules::Entry Schedules::remove(const Which& which) {
    state_->load();
    std::scoped_lock lock(state_->changing);
    const ScheduleKey key = state_->key_of(which);
    const Item item = state_->item(key, which);
    refuse_configured(item);
    const store::RecordChange changes[] = {catalog::remove_schedule(key),
                                           catalog::remove_schedule_state(key)};
    state_->catalog.store().commit(changes);
    std::scoped_lock items_lock(state_->mutex);
    state_->items.erase(key);
    return entry_of(key, item);
}

Schedules::Entry Schedules::pause(const Which& which) {
    return state_->modify(which, [](Item& item) { item.state.paused = true; });
}

Schedules::Entry Schedules::resume(const Which& which) {
    return state_->modify(which, [&](Item& item) {
        if (!item.state.paused)
            throw Error(Errc::invalid,
                        fmt::format("schedule {} is not paused", item.schedule.name()));
        item.state = timeline::after_resume(item.state, state_->clock.now());
    });
}

Schedules::Entry Schedules::run_now(const Which& which) {
    if (!is_attached())
        throw Error(Errc::invalid, "nobody runs schedules here now",
                    {"a process that stays does, such as `yore serve` or `yore mount`",
                     fmt::format("`yore {}` runs it once", timeline::name_of(which.task))});
    return state_->modify(which, [](Item& item) {
        if (item.state.running)
            throw Error(Errc::invalid,
                        fmt::format("schedule {} runs already", item.schedule.name()));
        item.asked_for = true;
    });
}

void Schedules::attach() {
    state_->load();
    std::scoped_lock lock(state_->mutex);
    state_->attached = true;
}

void Schedules::detach() {
    std::scoped_lock lock(state_->mutex);
    state_->attached = false;
}

bool Schedules::is_attached() const {
    std::scoped_lock lock(state_->mutex);
    return state_->attached;
}

std::optional<Schedules::Entry> Schedules::wait_for_due(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        const Timestamp now = state_->clock.now();
        std::optional<Timestamp> look_again;
        for (auto& [key, item] : state_->seen()) {
            const Decision decision = state_->step(key, item, now);
            if (decision.what == Decision::What::run) return entry_of(key, item);
            if (decision.look_again)
                look_again =
                    std::min(look_again.value_or(*decision.look_again), *decision.look_again);
        }
        state_->wait_for_news(stop, look_again);
    }
    return std::nullopt;
}

void Schedules::ended(const catalog::ScheduleKey& key, timeline::RunOutcome outcome) {
    std::scoped_lock lock(state_->changing);
    const auto all = state_->seen();
    const auto found = all.find(key);
    if (found == all.end()) return;
    Item item = found->second;
    item.state = after_end(item.schedule, item.state, outcome, state_->clock.now());
    state_->save({catalog::put(key, item.state)});
    state_->put(key, item);
}

}  // namespace yore::command
