// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/timelines.h"

#include <yore/base/error.h>
#include <yore/base/number.h>

#include <algorithm>

namespace yore::ingest {
namespace {

using catalog::LogIncarnation;
using postgresql::Timeline;

/// The incarnations of a source while some are added.
class Incarnations {
  public:
    Incarnations(const catalog::Catalog& catalog, const catalog::Source& source,
                 std::optional<std::uint64_t> identifier, Timestamp now)
        : source_(source.id),
          origin_(identifier ? fmt::to_string(*identifier) : std::string()),
          now_(now),
          all_(catalog::Logs(catalog.store()).incarnations(source.id)) {}

    LogIncarnation* find(Timeline timeline) {
        const auto found = std::ranges::find(all_, timeline.value, &LogIncarnation::number);
        return found == all_.end() ? nullptr : &*found;
    }
    bool has_before(Timeline timeline) const {
        return std::ranges::any_of(all_,
                                   [&](const auto& each) { return each.number < timeline.value; });
    }
    LogIncarnation put(Timeline timeline, std::optional<LogIncarnation::Fork> fork) {
        LogIncarnation* known = find(timeline);
        if (known == nullptr) {
            all_.push_back({source_, timeline.value, to_text(timeline), origin_, now_, fork});
            return changed(all_.back());
        }
        const LogIncarnation before = *known;
        if (fork && known->fork && *fork != *known->fork)
            throw Error(
                Errc::exists,
                fmt::format("timeline {} is stored as forked off timeline {} at {}, not "
                            "off timeline {} at {}",
                            timeline.value, known->fork->parent,
                            postgresql::to_text(postgresql::lsn_of(known->fork->at)), fork->parent,
                            postgresql::to_text(postgresql::lsn_of(fork->at))),
                {"two servers took the same timeline: only one of them may feed a source"});
        if (fork) known->fork = fork;
        if (known->origin.empty()) known->origin = origin_;
        return *known == before ? before : changed(*known);
    }
    std::vector<store::RecordChange> take_changes() { return std::move(changes_); }

  private:
    LogIncarnation changed(const LogIncarnation& incarnation) {
        changes_.push_back(catalog::Logs::put(incarnation));
        return incarnation;
    }

    std::uint32_t source_;
    std::string origin_;
    Timestamp now_;
    std::vector<LogIncarnation> all_;
    std::vector<store::RecordChange> changes_;
};

}  // namespace

std::string to_text(Timeline timeline) {
    return fmt::format("{:08X}", timeline.value);
}

std::optional<std::uint64_t> system_identifier_of(const catalog::Catalog& catalog,
                                                  const catalog::Source& source) {
    for (const auto& incarnation : catalog::Logs(catalog.store()).incarnations(source.id))
        if (const auto identifier = parse_number<std::uint64_t>(incarnation.origin))
            return identifier;
    const auto newest = catalog.latest(source.id);
    if (!newest || !newest->base_backup) return std::nullopt;
    return newest->base_backup->system_identifier;
}

void check_cluster(const catalog::Catalog& catalog, const catalog::Source& source,
                   std::uint64_t identifier, const std::string& what) {
    const auto known = system_identifier_of(catalog, source);
    if (!known || *known == identifier) return;
    throw Error(
        Errc::invalid,
        fmt::format("source {}: {} is of another cluster: its system identifier is {}, not "
                    "{}",
                    source.name, what, identifier, *known),
        {"is it the right server? A cluster that was made anew, also by pg_upgrade, needs a "
         "source of its own: `yore source add NAME --postgresql …`"});
}

TimelineRecord incarnation_of(const catalog::Catalog& catalog, const catalog::Source& source,
                              std::uint64_t identifier, Timeline timeline, Timestamp now) {
    Incarnations all(catalog, source, identifier, now);
    if (all.find(timeline) == nullptr && all.has_before(timeline))
        throw Error(Errc::invalid,
                    fmt::format("where timeline {} forked off is not known", timeline.value),
                    {fmt::format("store its history first: `yore log push {} pg_wal/{}.history`",
                                 source.name, to_text(timeline))});
    auto incarnation = all.put(timeline, {});
    return {std::move(incarnation), all.take_changes()};
}

TimelineRecord incarnation_of(const catalog::Catalog& catalog, const catalog::Source& source,
                              std::optional<std::uint64_t> identifier, Timeline timeline,
                              const std::vector<postgresql::TimelineSwitch>& history,
                              Timestamp now) {
    Incarnations all(catalog, source, identifier, now);
    std::optional<LogIncarnation::Fork> fork;
    for (const auto& step : history) {
        all.put(step.parent, fork);
        fork = LogIncarnation::Fork{step.parent.value, position_of(step.at)};
    }
    auto incarnation = all.put(timeline, fork);
    return {std::move(incarnation), all.take_changes()};
}

}  // namespace yore::ingest
