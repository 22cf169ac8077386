// SPDX-License-Identifier: Apache-2.0
/// SOURCE@TIME, and paths inside it.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/command/command.h>
#include <yore/command/context.h>
#include <yore/tree/directory.h>

#include <memory>
#include <string>

namespace yore::command {

/// What SOURCE@TIME stands for: today, the newest snapshot at or before the time.
struct Moment {
    catalog::Source source;
    catalog::Snapshot snapshot;
    std::shared_ptr<void> in_use;  ///< while it lives, collect takes nothing of the snapshot
    std::string name() const;      ///< `home@2026-11-21T02-00-00Z`
};

/// TIME is `latest`, `earliest`, a snapshot's name, or what parse_time takes. Hands out an event
/// `moment` that says how it was read. Not of that form: Errc::invalid; nothing there: not_found.
Moment resolve_moment(Context&, const std::string& text, Output&);

/// None of that name: Errc::not_found, with a hint.
catalog::Source find_source(const catalog::Catalog&, const std::string& name);

/// The source's directory as it was.
tree::EntryView root_of(const store::ObjectCache&, const Moment&);

/// `a//b/./c/` is `a/b/c`; leading slashes go; `..`: Errc::invalid.
std::string normal_path(const std::string&);

/// The entry at a normal path ("" is the root). No link is followed. Absent: Errc::not_found.
tree::EntryView find_path(const store::ObjectCache&, const Moment&, const std::string& path);

/// `dir` and `name` with a slash between them, unless one is empty.
std::string join_path(std::string_view directory, std::string_view name);

}  // namespace yore::command
