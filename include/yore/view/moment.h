// SPDX-License-Identifier: Apache-2.0
/// How moments are written, and what they open: one reading for the mount and the command.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/catalog/references.h>
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
/// A place in the log in the words of its source: of one of its systems or the newest, on one of
/// that system's timelines or the newest.
struct NamedPosition {
    struct Transaction {
        std::uint64_t id = 0;
    };
    struct Point {
        std::string label;
    };
    std::optional<std::uint32_t> system, timeline;
    std::variant<LogPosition, Transaction, Point> what;
};
using MomentText = std::variant<timeline::Moment, NamedSnapshot, NamedPosition>;

/// `latest`, `earliest`, a snapshot's name, or any form of parse_time; of PostgreSQL clusters
/// `lsn-0-3000060`, `xid-738`, `point-NAME`, each also behind `tl1-`, and all these behind `sys1-`.
/// Else: nullopt.
std::optional<MomentText> parse_moment(std::string_view text, Timestamp now);

/// `2026-11-21T14-07-32.719573Z`: a time as a directory's name that is never a snapshot's.
std::string moment_name(Timestamp);

/// Applies a piece of log to a tree. Any thread.
class Replay {
  public:
    virtual ~Replay() = default;
    /// The tree that `base` becomes by the log of the plan. It cannot be had: nullopt. A root as
    /// catalog::Snapshot::root.
    virtual std::optional<NodeId> apply(std::uint32_t source, const NodeId& base,
                                        const timeline::Plan&) const = 0;
};

/// What a moment opens: a snapshot as it is, or a tree that log was applied to.
struct Opened {
    timeline::Plan plan;
    std::variant<catalog::SnapshotName, NodeId> tree;
    /// The name that always means it: the snapshot's, or the restore point's time; its position,
    /// where the log's clock was set back and its time means another one.
    std::string name() const;
    std::optional<std::string> position_name = {};
};
/// `replay` may be null: then moments that need log have no tree. Damage throws.
std::variant<Opened, timeline::NoPlan> open_moment(const SourceRecords&, const MomentText&,
                                                   Timestamp now, const Replay*);

/// The place that it names: where it is, or where the transaction ended, or the last point of this
/// name. Not in this log: nullopt. Transactions and points are looked for in all lists of points.
std::optional<timeline::AtPosition> resolve(const SourceRecords&, const NamedPosition&);

/// Its root, as catalog::Snapshot::root.
NodeId root_of(const SourceRecords&, const Opened&);

/// What must stay stored while it is read: its tree, or that which log was applied to, and the log.
std::vector<catalog::References> references_behind(const SourceRecords&, const Opened&);

/// The last restore point of a span of time: the moment just before `end`, unless it is older than
/// `begin`.
std::optional<Timestamp> last_moment_in(const SourceRecords&, Timestamp begin, Timestamp end,
                                        Timestamp now);

/// The plan: `moment`, `restore_point` (its time), `snapshot` or `tree_after`, `place`, `log`,
/// `uncertain`; of clusters also `commit`, `base_backup`, and `warnings` of what its recovery would
/// do to the host of the original.
nlohmann::json plan_json(const SourceRecords&, const Opened&);
/// The same as the mount shows it in `at/<moment>.json`.
std::string plan_text(const SourceRecords&, const Opened&);
/// A list of the recovery windows: `kind`, `first` and `last` (each with `time` and `reason`),
/// `known_until`, `incarnation`, `uncertain`.
nlohmann::json windows_json(const SourceRecords&);
/// `windows.json`.
std::string windows_text(const SourceRecords&);

}  // namespace yore::view
