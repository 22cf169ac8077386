// SPDX-License-Identifier: Apache-2.0
/// snapshot: `source`, `tags`; for a stream from the input `stream` (true) and `file` (its name).
/// Events `progress` and `problem`. The result is the snapshot; `exit_code` 3 when it is partial.
#include <yore/base/error.h>
#include <yore/ingest/snapshot_job.h>

#include "command/describe.h"
#include "command/directory_fields.h"
#include "command/moment.h"
#include "command/run.h"

namespace yore::command {
namespace {

/// A stream's source is made by its first snapshot: there is nothing to declare of it.
catalog::Source source_of_stream(Context& context, const std::string& name) {
    auto source = context.catalog().source(name);
    if (!source) {
        catalog::Source fresh;
        fresh.name = name;
        fresh.kind = catalog::SourceKind::stream;
        fresh.created = context.clock().now();
        return context.catalog().add_source(fresh);
    }
    if (source->kind != catalog::SourceKind::stream)
        throw Error(Errc::invalid, fmt::format("source {} is a directory, not a stream", name),
                    {"a stream needs a source of its own: choose another name"});
    return *source;
}

catalog::Source source_of_directory(const catalog::Catalog& catalog, const std::string& name) {
    auto source = find_source(catalog, name);
    if (source.kind != catalog::SourceKind::directory)
        throw Error(Errc::invalid, fmt::format("source {} is a stream", name),
                    {fmt::format("`… | yore snapshot {} --stdin --as FILE` stores one", name)});
    return source;
}

}  // namespace

nlohmann::json run_snapshot(Context& context, const Call& call) {
    Fields fields(call.request);
    const auto name = fields.text("source");
    const bool stream = fields.flag("stream");
    const auto file = fields.optional_text("file");
    Reporter reporter(call.output);
    const auto options = snapshot_options(context, fields, reporter);
    fields.done();
    if (stream != file.has_value())
        throw Error(Errc::invalid, "a stream and the name of its file go together");

    const auto source =
        stream ? source_of_stream(context, name) : source_of_directory(context.catalog(), name);
    const auto snapshot =
        stream ? ingest::take_stream_snapshot(
                     context.catalog(), context.cache(), source, *file,
                     [&](MutableBytes into) { return call.input.read(into, call.stop); }, options,
                     context.clock(), call.stop)
               : ingest::take_directory_snapshot(context.catalog(), context.cache(), source,
                                                 options, context.clock(), call.stop);
    auto result = command::describe(snapshot, source.name);
    if (snapshot.outcome == catalog::Outcome::partial)
        result["exit_code"] = static_cast<int>(ExitCode::partial);
    return result;
}

}  // namespace yore::command
