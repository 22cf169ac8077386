// SPDX-License-Identifier: Apache-2.0
#include "command/directory_fields.h"

#include "command/describe.h"

namespace yore::command {

catalog::DirectoryOptions directory_options(Fields& fields) {
    catalog::DirectoryOptions options;
    options.one_file_system = fields.flag("one_file_system");
    options.ignore_cache_dirs = !fields.flag("keep_cache_dirs");
    options.ignore_nodump = !fields.flag("keep_nodump");
    options.excludes = fields.texts("excludes");
    return options;
}

nlohmann::json describe(const ingest::Progress& progress) {
    nlohmann::json event{
        {"files", progress.files_done},    {"directories", progress.directories_done},
        {"bytes", progress.bytes_done},    {"bytes_read", progress.bytes_read},
        {"bytes_new", progress.bytes_new}, {"bytes_stored", progress.bytes_stored},
        {"problems", progress.problems}};
    if (progress.bytes_expected) event["bytes_expected"] = *progress.bytes_expected;
    return event;
}

ingest::SnapshotOptions snapshot_options(Context& context, Fields& fields, Reporter& reporter) {
    ingest::SnapshotOptions options;
    for (auto& [key, value] : fields.pairs("tags")) options.tags.emplace(key, value);
    options.avoid = context.mounts().directories();
    options.avoid.push_back(context.directory());
    options.progress = [&](const ingest::Progress& progress) {
        reporter.event("progress", describe(progress));
    };
    options.pause_point = [&] { reporter.pause_point(); };
    options.problem = [&](const catalog::Problem& problem) {
        reporter.event("problem", command::describe(problem));
    };
    return options;
}

}  // namespace yore::command
