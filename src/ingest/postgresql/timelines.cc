// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/timelines.h"

#include <yore/base/error.h>
#include <yore/base/number.h>

#include <algorithm>

namespace yore::ingest {
namespace {

using catalog::LogIncarnation;
using postgresql::Timeline;

/// The incarnations of a source while some of one of its systems are added.
class Incarnations {
  public:
    Incarnations(const catalog::Catalog& catalog, const catalog::Source& source,
                 const System& system, Timestamp now)
        : source_(source.id),
          system_(system.number),
          origin_(system.identifier ? fmt::to_string(*system.identifier) : std::string()),
          now_(now),
          all_(catalog::Logs(catalog.store()).incarnations(source.id)) {}

    std::uint32_t number_of(Timeline timeline) const {
        return view::incarnation_number({system_, timeline});
    }
    LogIncarnation* find(Timeline timeline) {
        const auto found = std::ranges::find(all_, number_of(timeline), &LogIncarnation::number);
        return found == all_.end() ? nullptr : &*found;
    }
    bool has_before(Timeline timeline) const {
        const std::uint32_t number = number_of(timeline);
        return std::ranges::any_of(all_, [&](const auto& each) {
            return each.number < number && view::system_timeline(each.number).system == system_;
        });
    }
    LogIncarnation put(Timeline timeline, std::optional<LogIncarnation::Fork> fork) {
        LogIncarnation* known = find(timeline);
        if (known == nullptr) {
            all_.push_back({source_, number_of(timeline),
                            view::incarnation_name({system_, timeline}), origin_, now_, fork});
            return changed(all_.back());
        }
        const LogIncarnation before = *known;
        if (fork && known->fork && *fork != *known->fork)
            throw Error(Errc::exists,
                        fmt::format("timeline {} is stored as forked off timeline {} at {}, not "
                                    "off timeline {} at {}",
                                    timeline.value, timeline_number(known->fork->parent),
                                    postgresql::to_text(postgresql::lsn_of(known->fork->at)),
                                    timeline_number(fork->parent),
                                    postgresql::to_text(postgresql::lsn_of(fork->at))),
                        {"two servers took the same timeline: only one of them may feed a source"});
        if (fork) known->fork = fork;
        if (known->origin.empty()) known->origin = origin_;
        return *known == before ? before : changed(*known);
    }
    std::vector<store::RecordChange> take_changes() { return std::move(changes_); }

  private:
    static std::uint32_t timeline_number(std::uint32_t incarnation) {
        return view::system_timeline(incarnation).timeline.value;
    }
    LogIncarnation changed(const LogIncarnation& incarnation) {
        changes_.push_back(catalog::Logs::put(incarnation));
        return incarnation;
    }

    std::uint32_t source_, system_;
    std::string origin_;
    Timestamp now_;
    std::vector<LogIncarnation> all_;
    std::vector<store::RecordChange> changes_;
};

}  // namespace

std::string to_text(Timeline timeline) {
    return fmt::format("{:08X}", timeline.value);
}

/// What no log tells yet, the newest base backup does.
std::vector<System> systems_of(const catalog::Catalog& catalog, const catalog::Source& source) {
    std::vector<System> systems;
    for (const auto& each : catalog::Logs(catalog.store()).incarnations(source.id)) {
        const std::uint32_t number = view::system_timeline(each.number).system;
        if (systems.empty() || systems.back().number != number) systems.push_back({number, {}});
        auto& identifier = systems.back().identifier;
        if (!identifier) identifier = parse_number<std::uint64_t>(each.origin);
    }
    if (systems.empty()) systems.emplace_back();
    if (systems.back().identifier) return systems;
    if (const auto newest = catalog.latest(source.id); newest && newest->base_backup)
        systems.back().identifier = newest->base_backup->system_identifier;
    return systems;
}

System newest_system(const catalog::Catalog& catalog, const catalog::Source& source) {
    return systems_of(catalog, source).back();
}

std::optional<std::uint64_t> system_identifier_of(const catalog::Catalog& catalog,
                                                  const catalog::Source& source) {
    return newest_system(catalog, source).identifier;
}

System system_of(const catalog::Catalog& catalog, const catalog::Source& source,
                 std::uint64_t identifier, const std::string& what) {
    const auto systems = systems_of(catalog, source);
    const System& newest = systems.back();
    if (!newest.identifier) return {newest.number, identifier};
    const auto same = std::find_if(systems.rbegin(), systems.rend(), [&](const System& each) {
        return each.identifier == identifier;
    });
    if (same != systems.rend()) return *same;
    throw Error(
        Errc::invalid,
        fmt::format("source {}: {} is of another cluster: its system identifier is {}, not {}",
                    source.name, what, identifier, *newest.identifier),
        {fmt::format("after pg_upgrade, `yore source upgrade {}` goes on with the new cluster",
                     source.name),
         "is it the right server? A cluster that is another one needs a source of its own: `yore "
         "source add NAME --postgresql …`"});
}

System newest_system_of(const catalog::Catalog& catalog, const catalog::Source& source,
                        std::uint64_t identifier, const std::string& what) {
    const System system = system_of(catalog, source, identifier, what);
    const System newest = newest_system(catalog, source);
    if (system.number == newest.number) return system;
    throw Error(
        Errc::invalid,
        fmt::format("source {}: {} is the cluster of before an upgrade: its system identifier is "
                    "{}, not {}",
                    source.name, what, identifier, newest.identifier.value_or(0)),
        {fmt::format("where the upgraded one is, `yore source set {} --postgresql …` says",
                     source.name)});
}

TimelineRecord incarnation_of(const catalog::Catalog& catalog, const catalog::Source& source,
                              const System& system, Timeline timeline, Timestamp now) {
    Incarnations all(catalog, source, system, now);
    if (all.find(timeline) == nullptr && all.has_before(timeline))
        throw Error(Errc::invalid,
                    fmt::format("where timeline {} forked off is not known", timeline.value),
                    {fmt::format("store its history first: `yore log push {} pg_wal/{}.history`",
                                 source.name, to_text(timeline))});
    auto incarnation = all.put(timeline, {});
    return {std::move(incarnation), all.take_changes()};
}

TimelineRecord incarnation_of(const catalog::Catalog& catalog, const catalog::Source& source,
                              const System& system, Timeline timeline,
                              const std::vector<postgresql::TimelineSwitch>& history,
                              Timestamp now) {
    Incarnations all(catalog, source, system, now);
    std::optional<LogIncarnation::Fork> fork;
    for (const auto& step : history) {
        all.put(step.parent, fork);
        fork = LogIncarnation::Fork{all.number_of(step.parent), position_of(step.at)};
    }
    auto incarnation = all.put(timeline, fork);
    return {std::move(incarnation), all.take_changes()};
}

}  // namespace yore::ingest
