// SPDX-License-Identifier: Apache-2.0
/// SOURCE@TIME, and paths inside it.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/command/command.h>
#include <yore/command/context.h>
#include <yore/tree/directory.h>
#include <yore/view/source_records.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

namespace yore::command {

/// What SOURCE@TIME stands for.
struct Moment {
    catalog::Source source;
    std::string state;  ///< what always means it: a snapshot's name, or a restore point's time
    NodeId root;        ///< as catalog::Snapshot::root
    Timestamp time;     ///< of the restore point
    std::optional<catalog::SnapshotName> snapshot;  ///< when it is just this one
    std::shared_ptr<void> in_use;                   ///< while it lives, collect takes nothing of it
    nlohmann::json plan = {};                       ///< view::plan_json
    std::string name() const { return source.name + "@" + state; }
};

/// TIME is what view::parse_moment takes. Hands out an event `moment` that says how it was read,
/// and `uncertain` when the state may be wrong. Not of that form: Errc::invalid; there is nothing:
/// not_found, with the nearest moments that exist.
Moment resolve_moment(Context&, const std::string& text, Output&);
/// `SOURCE@TIME` in its two parts. Not of that form: Errc::invalid.
std::pair<std::string, std::string> split_moment(const std::string& text);
/// The same for a source and a time. `base`: as view::SourceRecords.
Moment resolve_moment(Context&, const catalog::Source&, const std::string& time, Output&,
                      std::optional<catalog::SnapshotName> base = {});

/// The state at a restore point of a source.
struct OpenedPoint {
    NodeId root;                   ///< as catalog::Snapshot::root
    std::shared_ptr<void> in_use;  ///< as Moment::in_use
};
/// It cannot be opened (any more): nullopt.
std::optional<OpenedPoint> open_point(Context&, const view::SourceRecords&, Timestamp);

/// None of that name: Errc::not_found, with a hint.
catalog::Source find_source(const catalog::Catalog&, const std::string& name);

/// The source's directory as it was.
tree::EntryView root_of(const store::ObjectCache&, const Moment&);

/// `a//b/./c/` is `a/b/c`; leading slashes go; `..`: Errc::invalid.
std::string normal_path(const std::string&);

/// The entry at a normal path ("" is the root). No link is followed. Absent: Errc::not_found.
tree::EntryView find_path(const store::ObjectCache&, const Moment&, const std::string& path);

}  // namespace yore::command
