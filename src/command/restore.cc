// SPDX-License-Identifier: Apache-2.0
/// restore: `moment`, `paths` (absent: all), `target` (absolute), `replace`, `no_owners` (else root
/// sets them). Events `progress` and `problem`. `exit_code` 3 when something was left out.
#include <yore/base/error.h>
#include <yore/restore/restore.h>

#include <unistd.h>

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
    const auto outcome = restore::restore(context.cache(), moment.root, options, call.stop);
    auto result = describe(outcome.counts);
    result["moment"] = moment.name();
    if (outcome.partial()) result["exit_code"] = static_cast<int>(ExitCode::partial);
    return result;
}

}  // namespace yore::command
