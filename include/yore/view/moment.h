// SPDX-License-Identifier: Apache-2.0
/// How moments are written, and what they open: one reading for the mount and the command.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/timeline/plan.h>
#include <yore/view/source_records.h>

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace yore::view {

/// A snapshot's name; if there is none of it and it has no ordinal, the time that it is too.
using NamedSnapshot = catalog::SnapshotName;
using MomentText = std::variant<timeline::Moment, NamedSnapshot>;

/// `latest`, `earliest`, a snapshot's name, or any form of parse_time. Else: nullopt.
std::optional<MomentText> parse_moment(std::string_view text, Timestamp now);

/// `2026-11-21T14-07-32.719573Z`: a time as a directory's name that is never a snapshot's.
std::string moment_name(Timestamp);

/// Applies a piece of log to a tree. Any thread.
class Replay {
  public:
    virtual ~Replay() = default;
    /// The tree after all records of `ranges`, which follow on the base without a gap, oldest
    /// first. It cannot be had: nullopt. A root as catalog::Snapshot::root.
    virtual std::optional<NodeId> apply(std::uint32_t source, const NodeId& base,
                                        const std::vector<timeline::LogRange>& ranges) const = 0;
};

/// What a moment opens: a snapshot as it is, or a tree that log was applied to.
struct Opened {
    timeline::Plan plan;
    std::variant<catalog::SnapshotName, NodeId> tree;
    /// The name that always means it: the snapshot's, or the restore point's time.
    std::string name() const;
};
/// `replay` may be null: then moments that need log have no tree. Damage throws.
std::variant<Opened, timeline::NoPlan> open_moment(const SourceRecords&, const MomentText&,
                                                   Timestamp now, const Replay*);

/// Its root, as catalog::Snapshot::root.
NodeId root_of(const SourceRecords&, const Opened&);

/// What must stay stored while it is read: its tree, or that which log was applied to and those of
/// the log.
std::vector<NodeId> trees_behind(const SourceRecords&, const Opened&);

/// The last restore point of a span of time: the moment just before `end`, unless it is older than
/// `begin`.
std::optional<Timestamp> last_moment_in(const SourceRecords&, Timestamp begin, Timestamp end,
                                        Timestamp now);

/// The plan as the mount shows it in `at/<moment>.json`.
std::string plan_text(const SourceRecords&, const Opened&);
/// A list of the recovery windows: `kind`, `first` and `last` (each with `time` and `reason`),
/// `known_until`, `incarnation`, `uncertain`.
nlohmann::json windows_json(const SourceRecords&);
/// `windows.json`.
std::string windows_text(const SourceRecords&);

}  // namespace yore::view
