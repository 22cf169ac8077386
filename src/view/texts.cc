// SPDX-License-Identifier: Apache-2.0
#include "view/texts.h"

#include <nlohmann/json.hpp>

namespace yore::view {

std::string readme_text() {
    return R"(This is a Yore repository: every backup is a directory, read-only.

  SOURCE/snapshots/            the backups of a source, named by their time (UTC)
  SOURCE/snapshots/latest      the newest one
  SOURCE/at/2026-11-21T14:07Z  the state at a moment: type any time, it is not listed
  at/2026-11-21T14:07Z/        all sources at that moment
  SOURCE/info.json             what is backed up, and how the last backup went

Times: 2026-11-21T14:07:32Z, with an offset (+02:00), with - for : , or now-5m.
Restore with cp: cp -a SOURCE/snapshots/latest/path/to/it DIRECTORY
)";
}

std::string info_text(const catalog::Catalog& catalog, const catalog::Source& source) {
    nlohmann::json info = {
        {"name", source.name},
        {"kind", source.kind == catalog::SourceKind::directory ? "directory" : "stream"},
        {"created", to_rfc3339(source.created)},
        {"snapshots", catalog.snapshot_names(source.id).size()}};
    if (source.kind == catalog::SourceKind::directory) info["path"] = source.directory.path;
    if (const auto last = catalog.latest(source.id)) {
        nlohmann::json problems = nlohmann::json::array();
        for (const catalog::Problem& problem : last->problems)
            problems.push_back({{"path", problem.path}, {"text", problem.text}});
        info["latest"] = {
            {"name", last->name.text()},
            {"started", to_rfc3339(last->started)},
            {"ended", to_rfc3339(last->ended)},
            {"outcome", last->outcome == catalog::Outcome::complete ? "complete" : "partial"},
            {"files", last->counts.files},
            {"directories", last->counts.directories},
            {"bytes", last->counts.bytes},
            {"bytes_new", last->counts.bytes_new},
            {"bytes_stored", last->counts.bytes_stored},
            {"problems", std::move(problems)}};
    }
    // Paths need not be UTF-8: what is not is replaced, never an error.
    return info.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

}  // namespace yore::view
