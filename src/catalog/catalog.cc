// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/guarded.h>
#include <yore/catalog/catalog.h>
#include <yore/catalog/log.h>

#include <algorithm>
#include <mutex>
#include <set>
#include <tuple>

#include "catalog/as_of_commit.h"
#include "catalog/keys.h"
#include "catalog/records.h"

namespace yore::catalog {
namespace {

using Line = SnapshotLine;

Line load_line(const store::Store& store, std::uint32_t source) {
    Line line;
    const Bytes prefix = snapshots_prefix(source);
    store.scan_record_keys(prefix, prefix, [&](ByteView bytes) {
        const SnapshotKey key = parse_snapshot_key(bytes);
        const Timestamp before = line.items.empty() ? key.ended : line.items.back().latest_end;
        if (key.log) line.bases.push_back(static_cast<std::uint32_t>(line.items.size()));
        line.items.push_back({key.name, key.ended, std::max(before, key.ended), key.log});
        return true;
    });
    std::ranges::stable_sort(line.bases, {}, [&](std::uint32_t place) {
        const Line::Item& item = line.items[place];
        return std::tuple(item.log->incarnation, item.log->consistent, -item.ended.ns);
    });
    return line;
}

std::vector<Source> load_sources(const store::Store& store) {
    std::vector<Source> sources;
    const Bytes prefix = sources_prefix();
    store.scan_records(prefix, prefix, [&](ByteView key, ByteView plain) {
        sources.push_back(decode_source(parse_source_key(key), plain));
        return true;
    });
    return sources;
}

/// Of all records of a source but its own.
std::vector<Bytes> prefixes_of(std::uint32_t source) {
    std::vector<Bytes> prefixes{snapshots_prefix(source), holds_prefix(source),
                                incarnations_prefix(source)};
    // Those of its logs, schedules, pauses and proofs begin with another letter, and then as its
    // incarnations do.
    for (char letter : {'f', 'l', 'o', 'r', 't', 'g', 'p', 'q'}) {
        prefixes.push_back(incarnations_prefix(source));
        prefixes.back()[0] = static_cast<std::byte>(letter);
    }
    return prefixes;
}

SnapshotKey key_of(const Snapshot& snapshot) {
    return {snapshot.source, snapshot.name, snapshot.ended, snapshot.log};
}

}  // namespace

const SnapshotLine::Item* SnapshotLine::at_or_before(Timestamp moment) const {
    const auto later = std::ranges::upper_bound(items, moment, {}, &Item::latest_end);
    return later == items.begin() ? nullptr : &*std::prev(later);
}

struct Catalog::State {
    explicit State(store::Store& store_in) : store(store_in) {}

    store::Store& store;
    AsOfCommit<std::vector<Source>> sources;
    Guarded<std::map<std::uint32_t, std::shared_ptr<AsOfCommit<Line>>>> lines;

    /// What running jobs hold. Taken alone, never around store I/O.
    struct Held {
        std::map<std::uint32_t, std::set<SnapshotName>> names;
        std::set<std::uint32_t> removing;
    };
    Guarded<Held> held;
    /// Adding and removing a source are each a look and a commit: one at a time. No reader takes
    /// it.
    std::mutex changing_sources;
    std::mutex deciding;  ///< taken before `changing_sources`
    std::mutex changing_logs;

    AsOfCommit<std::vector<Source>>::Loaded known_sources() {
        return sources.get(store, [&] { return load_sources(store); });
    }
    AsOfCommit<Line>::Loaded line(std::uint32_t source) {
        auto cached = lines.with([&](auto& all) {
            auto& slot = all[source];
            if (!slot) slot = std::make_shared<AsOfCommit<Line>>();
            return slot;
        });
        return cached->get(store, [&] { return load_line(store, source); });
    }
    std::optional<Snapshot> read(std::uint32_t source, const Line::Item& item) {
        const SnapshotKey key{source, item.name, item.ended, item.log};
        const auto plain = store.record(snapshot_key(key));
        if (!plain) return std::nullopt;  // removed since the names were read
        return decode_snapshot(key, *plain);
    }
    std::optional<SnapshotName> try_reserve(std::uint32_t source, Timestamp now);
    Counters counters() const {
        const auto stored = store.record(counters_key());
        return stored ? decode_counters(*stored) : Counters{};
    }
    static Source known(const Catalog&, std::string_view name);
    std::shared_ptr<void> exclude_snapshots(const Source&);
    std::vector<store::TailDrop> tails_of(const Source&) const;
};

Catalog::Catalog(store::Store& store) : state_(std::make_shared<State>(store)) {}
Catalog::~Catalog() = default;
Catalog::Catalog(Catalog&&) noexcept = default;

store::Store& Catalog::store() const {
    return state_->store;
}

std::vector<Source> Catalog::sources() const {
    return *state_->known_sources().value;
}

std::optional<Source> Catalog::source(std::string_view name) const {
    const auto known = state_->known_sources().value;
    const auto found = std::ranges::find(*known, name, &Source::name);
    return found == known->end() ? std::nullopt : std::optional(*found);
}

std::optional<Source> Catalog::source(std::uint32_t id) const {
    const auto known = state_->known_sources().value;
    const auto found = std::ranges::lower_bound(*known, id, {}, &Source::id);
    return found == known->end() || found->id != id ? std::nullopt : std::optional(*found);
}

namespace {

void check_directory(const Source& source) {
    if (source.kind == SourceKind::directory && !source.directory.path.starts_with('/'))
        throw Error(Errc::invalid, fmt::format("source {}: path {} is not absolute", source.name,
                                               source.directory.path));
}

}  // namespace

Source Catalog::add_source(Source source) {
    check_source_name(source.name);
    check_directory(source);
    std::scoped_lock lock(state_->changing_sources);
    if (const auto before = this->source(source.name)) {
        if (!before->removed || before->kind != source.kind)
            throw Error(Errc::exists,
                        fmt::format("source {}: there is one with this name", source.name));
        source.id = before->id;
        source.created = before->created;
        source.retention = before->retention;
        source.check = before->check;
        const store::RecordChange change[] = {{source_key(source.id), encode(source)}};
        state_->store.commit(change);
        return source;
    }
    Counters counters = state_->counters();
    source.id = counters.next_source++;
    const store::RecordChange changes[] = {{counters_key(), encode(counters)},
                                           {source_key(source.id), encode(source)}};
    state_->store.commit(changes);
    return source;
}

Source Catalog::change_source(const Source& wanted) {
    check_directory(wanted);
    std::scoped_lock lock(state_->changing_sources);
    Source source = state_->known(*this, wanted.name);
    if (source.removed)
        throw Error(Errc::not_found, fmt::format("source {}: it was removed", wanted.name));
    if (source.kind != wanted.kind)
        throw Error(
            Errc::exists,
            fmt::format("source {}: there is one of another kind with this name", wanted.name));
    source.directory = wanted.directory;
    source.postgresql = wanted.postgresql;
    source.retention = wanted.retention;
    source.check = wanted.check;
    const store::RecordChange change[] = {{source_key(source.id), encode(source)}};
    state_->store.commit(change);
    return source;
}

Source Catalog::set_retention(std::string_view name, const RetentionPolicy& policy) {
    std::scoped_lock lock(state_->changing_sources);
    Source source = state_->known(*this, name);
    source.retention = policy;
    const store::RecordChange change[] = {{source_key(source.id), encode(source)}};
    state_->store.commit(change);
    return source;
}

Source Catalog::State::known(const Catalog& catalog, std::string_view name) {
    auto source = catalog.source(name);
    if (!source) throw Error(Errc::not_found, fmt::format("source {}: there is none", name));
    return std::move(*source);
}

/// No snapshot of it is being taken, and none begins, while the token lives.
std::shared_ptr<void> Catalog::State::exclude_snapshots(const Source& source) {
    const bool in_use = held.with([&](Held& jobs) {
        if (jobs.names.contains(source.id)) return true;
        jobs.removing.insert(source.id);
        return false;
    });
    if (in_use)
        throw Error(Errc::busy,
                    fmt::format("source {}: a snapshot of it is being taken", source.name));
    return std::shared_ptr<void>(nullptr, [this, id = source.id](void*) {
        held.with([&](Held& jobs) { jobs.removing.erase(id); });
    });
}

/// All that a receiver acknowledged and that is in no segment yet.
std::vector<store::TailDrop> Catalog::State::tails_of(const Source& source) const {
    std::vector<store::TailDrop> drops;
    for (const store::TailId& tail : store.tails())
        if (tail.source == source.id) drops.push_back({tail});
    return drops;
}

bool Catalog::remove_source(std::string_view name, Timestamp now) {
    std::scoped_lock lock(state_->changing_sources);
    Source source = state_->known(*this, name);
    const auto excluded = state_->exclude_snapshots(source);
    const bool gone = state_->line(source.id).value->items.empty() && holds(source.id).empty() &&
                      Logs(state_->store).incarnations(source.id).empty() &&
                      state_->tails_of(source).empty();
    if (!source.removed) source.removed = now;
    store::RecordChange change{source_key(source.id), std::nullopt};
    if (!gone) change.value = encode(source);
    state_->store.commit({&change, 1});
    return gone;
}

std::size_t Catalog::purge_source(std::string_view name, Timestamp now) {
    std::scoped_lock lock(state_->deciding, state_->changing_sources);
    const Source source = state_->known(*this, name);
    const auto excluded = state_->exclude_snapshots(source);
    for (const Hold& hold : holds(source.id))
        if (hold.in_force(now))
            throw Error(
                Errc::invalid,
                fmt::format("source {}: hold {} protects some of it", name, hold.number),
                {hold.clone.empty() ? fmt::format("`yore hold release {}` ends that", hold.number)
                                    : fmt::format("`yore clone remove {}` ends that", hold.clone)});
    const std::size_t snapshots = state_->line(source.id).value->items.size();
    std::vector<store::RecordChange> removals{{source_key(source.id), std::nullopt}};
    for (const Bytes& prefix : prefixes_of(source.id))
        state_->store.scan_record_keys(prefix, prefix, [&](ByteView key) {
            removals.push_back({to_bytes(key), std::nullopt});
            return true;
        });
    state_->store.commit(removals, state_->tails_of(source));
    return snapshots;
}

std::unique_lock<std::mutex> Catalog::decide() {
    return std::unique_lock(state_->deciding);
}

std::unique_lock<std::mutex> Catalog::change_logs() const {
    return std::unique_lock(state_->changing_logs);
}

std::vector<Hold> Catalog::holds(std::uint32_t source) const {
    std::vector<Hold> holds;
    const Bytes prefix = holds_prefix(source);
    state_->store.scan_records(prefix, prefix, [&](ByteView key, ByteView plain) {
        holds.push_back(decode_hold(parse_hold_key(key), plain));
        return true;
    });
    return holds;
}

Hold Catalog::add_hold(Hold hold) {
    if (const char* problem = problem_in(hold)) throw Error(Errc::invalid, problem);
    std::scoped_lock lock(state_->deciding, state_->changing_sources);
    if (!source(hold.source))
        throw Error(Errc::not_found, fmt::format("source {}: there is none", hold.source));
    Counters counters = state_->counters();
    hold.number = counters.next_hold++;
    const store::RecordChange changes[] = {{counters_key(), encode(counters)},
                                           {hold_key(hold.source, hold.number), encode(hold)}};
    state_->store.commit(changes);
    return hold;
}

Hold Catalog::release_hold(std::uint32_t number) {
    std::scoped_lock lock(state_->deciding);
    for (const Source& source : sources())
        for (const Hold& hold : holds(source.id)) {
            if (hold.number != number) continue;
            const store::RecordChange change[] = {{hold_key(source.id, number), std::nullopt}};
            state_->store.commit(change);
            return hold;
        }
    throw Error(Errc::not_found, fmt::format("there is no hold {}", number));
}

std::vector<Snapshot> Catalog::snapshots(std::uint32_t source) const {
    std::vector<Snapshot> snapshots;
    const Bytes prefix = snapshots_prefix(source);
    state_->store.scan_records(prefix, prefix, [&](ByteView key, ByteView plain) {
        snapshots.push_back(decode_snapshot(parse_snapshot_key(key), plain));
        return true;
    });
    return snapshots;
}

std::shared_ptr<const SnapshotLine> Catalog::snapshot_line(std::uint32_t source) const {
    return state_->line(source).value;
}

std::vector<SnapshotName> Catalog::snapshot_names(std::uint32_t source) const {
    const auto line = state_->line(source).value;
    std::vector<SnapshotName> names;
    names.reserve(line->items.size());
    for (const Line::Item& item : line->items) names.push_back(item.name);
    return names;
}

std::optional<Snapshot> Catalog::snapshot(std::uint32_t source, SnapshotName name) const {
    const auto line = state_->line(source).value;
    const auto found = std::ranges::lower_bound(line->items, name, {}, &Line::Item::name);
    if (found == line->items.end() || found->name != name) return std::nullopt;
    return state_->read(source, *found);
}

std::optional<Snapshot> Catalog::latest(std::uint32_t source) const {
    const auto line = state_->line(source).value;
    if (line->items.empty()) return std::nullopt;
    return state_->read(source, line->items.back());
}

std::optional<Snapshot> Catalog::at_or_before(std::uint32_t source, Timestamp moment) const {
    const auto line = state_->line(source).value;
    const Line::Item* found = line->at_or_before(moment);
    return found ? state_->read(source, *found) : std::nullopt;
}

std::optional<SnapshotName> Catalog::name_at_or_before(std::uint32_t source,
                                                       Timestamp moment) const {
    const auto line = state_->line(source).value;
    const Line::Item* found = line->at_or_before(moment);
    return found ? std::optional(found->name) : std::nullopt;
}

std::optional<SnapshotName> Catalog::State::try_reserve(std::uint32_t source, Timestamp now) {
    const auto known = known_sources();
    const auto loaded = line(source);
    return held.with([&](Held& jobs) -> std::optional<SnapshotName> {
        // A name is let go after its commit: names as of the last commit and held names together
        // are all there are.
        if (store.last_commit() != std::min(known.as_of, loaded.as_of)) return std::nullopt;
        const auto found = std::ranges::lower_bound(*known.value, source, {}, &Source::id);
        if (found == known.value->end() || found->id != source)
            throw Error(Errc::not_found, fmt::format("source {}: there is none", source));
        if (found->removed)
            throw Error(Errc::invalid, fmt::format("source {}: it was removed", found->name),
                        {"`yore source add` with its name takes it up again"});
        if (jobs.removing.contains(source))
            throw Error(Errc::busy, fmt::format("source {}: it is being removed", source));
        std::optional<SnapshotName> newest;
        if (!loaded.value->items.empty()) newest = loaded.value->items.back().name;
        auto& names = jobs.names[source];
        if (!names.empty()) newest = std::max(newest, std::optional(*names.rbegin()));
        return *names.insert(SnapshotName::after(newest, now)).first;
    });
}

Reservation Catalog::reserve_name(std::uint32_t source, Timestamp now) {
    std::optional<SnapshotName> name;
    while (!name) name = state_->try_reserve(source, now);
    const auto release = [state = state_, source, taken = *name](void*) {
        state->held.with([&](State::Held& held) {
            held.names[source].erase(taken);
            if (held.names[source].empty()) held.names.erase(source);
        });
    };
    return Reservation(*name, std::shared_ptr<void>(nullptr, release));
}

store::RecordChange Catalog::put(const Snapshot& snapshot) {
    return {snapshot_key(key_of(snapshot)), encode(snapshot)};
}

store::RecordChange Catalog::remove(const Snapshot& snapshot) {
    return {snapshot_key(key_of(snapshot)), std::nullopt};
}

}  // namespace yore::catalog
