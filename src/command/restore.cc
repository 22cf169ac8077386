// SPDX-License-Identifier: Apache-2.0
/// restore: `moment`, `paths` (absent: all), `target` (absolute), `replace`, `no_owners` (else root
/// sets them), `tablespaces` (of a cluster: `OID=DIR`), `startable` (refuse what must not be
/// started on the original's host). Events `progress` and `problem`. `exit_code` 3 when something
/// was left out. `needs` (of a cluster that is startable): what a server needs of its host.
#include <yore/base/error.h>
#include <yore/command/text.h>
#include <yore/restore/restore.h>

#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

#include "command/clone_server.h"
#include "command/describe.h"
#include "command/fields.h"
#include "command/moment.h"
#include "command/reporter.h"
#include "command/run.h"

namespace yore::command {
namespace {

nlohmann::json describe(const restore::Progress& progress) {
    return {{"files", progress.files_done},           {"bytes", progress.bytes_done},
            {"files_kept", progress.files_kept},      {"files_expected", progress.files_total},
            {"bytes_expected", progress.bytes_total}, {"problems", progress.problems}};
}

struct TablespacePlace {
    std::string oid, directory;
};

std::vector<TablespacePlace> tablespaces_in(const std::vector<std::string>& texts) {
    std::vector<TablespacePlace> places;
    for (const std::string& text : texts) {
        const auto equals = text.find('=');
        if (equals == text.npos || equals == 0 || text.substr(equals + 1, 1) != "/")
            throw Error(Errc::invalid, fmt::format("{} is no place of a tablespace", text),
                        {"it is OID=DIR, with an absolute directory"});
        places.push_back({text.substr(0, equals), text.substr(equals + 1)});
    }
    return places;
}

/// The directory is made, or empty: never one with files of a cluster that runs.
void place_tablespace(Context& context, const Moment& moment, const TablespacePlace& place,
                      restore::RestoreOptions& options) {
    const std::string path = "tablespaces/" + place.oid;
    find_path(context.cache(), moment, path);
    std::error_code failed;
    std::filesystem::create_directories(place.directory, failed);
    const bool is_empty = !failed && std::filesystem::is_empty(place.directory, failed);
    if (failed) throw Error(Errc::io, fmt::format("{}: {}", place.directory, failed.message()));
    if (!is_empty)
        throw Error(Errc::exists, fmt::format("{} is not empty", place.directory),
                    {"a tablespace needs a directory of its own"});
    options.elsewhere[path] = place.directory;
    options.links["pg_tblspc/" + place.oid] = place.directory;
}

/// What a server has written since would be mixed with what it started from.
void check_unused(const Moment& moment, const restore::RestoreOptions& options) {
    if (moment.source.kind != catalog::SourceKind::postgresql || !options.paths.empty()) return;
    for (const char* name : {"postmaster.pid", "backup_label.old"})
        if (std::error_code failed; std::filesystem::exists(options.target + "/" + name, failed))
            throw Error(Errc::exists,
                        fmt::format("{}: a server runs, or has run, on it", options.target),
                        {"restore a cluster to an empty directory"});
}

/// A server is to be started on it, on a host that may be the original's.
void check_startable(const Moment& moment, const restore::RestoreOptions& options) {
    if (moment.source.kind != catalog::SourceKind::postgresql)
        throw Error(Errc::invalid,
                    fmt::format("{} is no cluster: there is no server to start", moment.name()));
    if (!options.paths.empty())
        throw Error(Errc::invalid, "a server needs the whole cluster, not some paths of it");
    const auto warnings = moment.plan.value("warnings", nlohmann::json::array());
    if (!warnings.empty())
        throw Error(Errc::invalid,
                    fmt::format("{} is not started: {}", moment.name(),
                                warnings.front().get<std::string>()),
                    {"a moment behind the next base backup has the tablespace in it"});
}

/// `libraries` and `collations`, as the base backup has them.
nlohmann::json needs_of(Context& context, const Moment& moment) {
    const auto needs =
        needs_of(context, moment.source.id, moment.plan.value("snapshot", ""));
    return {{"libraries", list_of_bytes(needs.libraries)},
            {"collations", list_of_bytes(needs.collations)}};
}

}  // namespace

nlohmann::json run_restore(Context& context, const Call& call) {
    Fields fields(call.request);
    restore::RestoreOptions options;
    const auto text = fields.text("moment");
    options.target = fields.text("target");
    for (const std::string& path : fields.texts("paths"))
        options.paths.push_back(normal_path(path));
    if (fields.flag("replace")) options.existing = restore::RestoreOptions::Existing::replace;
    options.owners = !fields.flag("no_owners") && ::geteuid() == 0;
    const bool startable = fields.flag("startable");
    const auto tablespaces = tablespaces_in(fields.texts("tablespaces"));
    fields.done();
    if (!options.target.starts_with('/'))
        throw Error(Errc::invalid, fmt::format("{} is not an absolute path", options.target));

    Reporter reporter(call.output);
    options.progress = [&](const restore::Progress& progress) {
        reporter.progress(describe(progress));
    };
    options.problem = [&](const catalog::Problem& problem) {
        reporter.event("problem", command::describe(problem));
    };
    const auto moment = resolve_moment(context, text, call.output);
    check_unused(moment, options);
    if (startable) check_startable(moment, options);
    for (const TablespacePlace& place : tablespaces)
        place_tablespace(context, moment, place, options);
    const auto outcome = restore::restore(context.cache(), moment.root, options, call.stop);
    auto result = describe(outcome.counts);
    result["moment"] = moment.name();
    result["plan"] = moment.plan;
    if (startable) result["needs"] = needs_of(context, moment);
    if (outcome.partial()) result["exit_code"] = static_cast<int>(ExitCode::partial);
    return result;
}

}  // namespace yore::command
