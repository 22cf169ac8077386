// SPDX-License-Identifier: Apache-2.0
#include "view/texts.h"

#include <nlohmann/json.hpp>

namespace yore::view {
namespace {

/// The paths themselves are in `yore snapshots --json`: there may be a thousand of them.
constexpr std::size_t problems_shown_max = 20;

nlohmann::json shown(const catalog::Snapshot& snapshot) {
    const catalog::SnapshotCounts& counts = snapshot.counts;
    nlohmann::json problems = nlohmann::json::array();
    for (const catalog::Problem& problem : snapshot.problems) {
        if (problems.size() == problems_shown_max) break;
        problems.push_back({{"path", problem.path}, {"text", problem.text}});
    }
    return {{"name", snapshot.name.text()},
            {"started", to_rfc3339(snapshot.started)},
            {"ended", to_rfc3339(snapshot.ended)},
            {"host", snapshot.host},
            {"path", snapshot.path},
            {"outcome", snapshot.outcome == catalog::Outcome::complete ? "complete" : "partial"},
            {"files", counts.files},
            {"directories", counts.directories},
            {"others", counts.others},
            {"bytes", counts.bytes},
            {"bytes_read", counts.bytes_read},
            {"bytes_new", counts.bytes_new},
            {"bytes_stored", counts.bytes_stored},
            {"problem_count", counts.problems},
            {"first_problems", std::move(problems)}};
}

}  // namespace

const std::string& readme_text() {
    static const std::string text =
        R"(This is a Yore repository: every backup is a directory, read-only.

  SOURCE/snapshots/            the backups of a source, named by when they started (UTC)
  SOURCE/snapshots/latest      the newest one
  SOURCE/at/2026-11-21T14:07Z  the state at a moment: type any time, it is not listed
  SOURCE/versions/path/to/it/  each version of one file
  SOURCE/windows.json          which times can be opened, and why no others
  at/2026-11-21T14:07Z/        all sources at that moment
  SOURCE/info.json             what is backed up, and how the last backup went

Times: 2026-11-21T14:07:32Z, with an offset (+02:00), with - for : , or now-5m.
Restore with cp: cp -a SOURCE/snapshots/latest/path/to/it DIRECTORY
)";
    return text;
}

std::string info_text(const catalog::Source& source, std::size_t snapshot_count,
                      const std::optional<catalog::Snapshot>& newest) {
    nlohmann::json info = {{"name", source.name},
                           {"kind", catalog::name_of(source.kind)},
                           {"created", to_rfc3339(source.created)},
                           {"snapshots", snapshot_count}};
    if (source.kind == catalog::SourceKind::directory) info["path"] = source.directory.path;
    if (source.kind == catalog::SourceKind::postgresql)
        info["conninfo"] = source.postgresql.conninfo;
    if (source.removed) info["removed"] = to_rfc3339(*source.removed);
    if (newest) info["latest"] = shown(*newest);
    // Paths need not be UTF-8: what is not is replaced, never an error.
    return info.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace yore::view
