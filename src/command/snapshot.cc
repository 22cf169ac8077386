// SPDX-License-Identifier: Apache-2.0
/// snapshot: `source`, `tags`; for a stream from the input `stream` (true) and `file` (its name);
/// for a PostgreSQL cluster `checkpoint` (`fast` or `spread`) and `max_rate` (KiB/s), or
/// `from_directory` (absolute: a finished pg_basebackup, or a stopped cluster), or `dump` (true: a
/// logical one, stored as of the source NAME.dump) with `databases`, `programs` (absolute: where
/// pg_dump is) and `scratch` (absolute: where it lies until it is stored). Events
/// `progress` and `problem`. The result is the snapshot; `exit_code` 3 when it is partial.
#include <yore/base/error.h>
#include <yore/ingest/postgresql.h>
#include <yore/ingest/postgresql_dump.h>
#include <yore/ingest/snapshot_job.h>

#include <cstdlib>

#include "command/describe.h"
#include "command/directory_fields.h"
#include "command/moment.h"
#include "command/run.h"
#include "command/stream_source.h"

namespace yore::command {
namespace {

/// For what is large and goes again.
std::string temporary_directory() {
    const char* given = std::getenv("TMPDIR");
    return given != nullptr && *given == '/' ? given : "/var/tmp";
}

catalog::Source source_to_read(const catalog::Catalog& catalog, const std::string& name) {
    auto source = find_source(catalog, name);
    if (source.kind == catalog::SourceKind::stream)
        throw Error(Errc::invalid, fmt::format("source {} is a stream", name),
                    {fmt::format("`… | yore snapshot {} --stdin --as FILE` stores one", name)});
    return source;
}

/// What is given of it; nothing: nullopt.
std::optional<ingest::BaseBackupOptions> read_backup_options(Fields& fields) {
    const auto checkpoint = fields.optional_text("checkpoint");
    const auto max_rate = fields.number("max_rate");
    if (!checkpoint && !max_rate) return std::nullopt;
    if (checkpoint && *checkpoint != "fast" && *checkpoint != "spread")
        throw Error(Errc::invalid,
                    fmt::format("checkpoint {}: there are fast and spread", *checkpoint));
    if (max_rate && (*max_rate < 32 || *max_rate > 1u << 20))
        throw Error(Errc::invalid, fmt::format("a rate of {} KiB/s", *max_rate),
                    {"PostgreSQL takes 32 KiB/s to 1 GiB/s"});
    ingest::BaseBackupOptions options;
    options.spread_checkpoint = checkpoint == "spread";
    if (max_rate) options.max_rate_kib_s = static_cast<std::uint32_t>(*max_rate);
    return options;
}

/// What a request asks for.
struct Order {
    std::string name;
    std::optional<std::string> file;  ///< the input is stored as this one
    std::optional<ingest::BaseBackupOptions> backup;
    std::optional<std::string> directory;  ///< of the cluster's files
    std::optional<ingest::DumpOptions> dump;
};

std::optional<ingest::DumpOptions> read_dump_options(Fields& fields) {
    const bool dump = fields.flag("dump");
    ingest::DumpOptions options{fields.texts("databases"),
                                fields.optional_text("programs").value_or(""),
                                fields.optional_text("scratch").value_or("")};
    if (dump) {
        if (options.scratch.empty()) options.scratch = temporary_directory();
        return options;
    }
    if (!options.databases.empty() || !options.programs.empty() || !options.scratch.empty())
        throw Error(Errc::invalid, "databases, programs and a place for a dump go with a dump");
    return std::nullopt;
}

/// Dumps are of a source of their own: no moment builds on them, and its policy is another.
catalog::Snapshot take_dump(Context& context, const Call& call, const Order& order,
                            const ingest::SnapshotOptions& options) {
    const auto cluster = find_source(context.catalog(), order.name);
    if (cluster.kind != catalog::SourceKind::postgresql)
        throw Error(Errc::invalid, fmt::format("source {} is a {}: clusters are dumped", order.name,
                                               name_of(cluster.kind)));
    if (order.file || order.backup || order.directory)
        throw Error(Errc::invalid, "a dump is neither a stream nor a base backup");
    return ingest::take_postgresql_dump(context.catalog(), context.cache(), cluster,
                                        source_of_stream(context, order.name + ".dump"),
                                        *order.dump, options, context.clock(), call.stop);
}

catalog::Snapshot take(Context& context, const Call& call, const Order& order,
                       const catalog::Source& source, const ingest::SnapshotOptions& options) {
    auto& catalog = context.catalog();
    const bool is_cluster = source.kind == catalog::SourceKind::postgresql;
    if ((order.backup || order.directory) && !is_cluster)
        throw Error(Errc::invalid,
                    fmt::format("source {} is a {}: a checkpoint, a rate and a directory to read "
                                "from are for PostgreSQL clusters",
                                source.name, name_of(source.kind)));
    if (order.backup && order.directory)
        throw Error(Errc::invalid, "no server is asked for a checkpoint when files are read");
    if (order.directory)
        return ingest::take_postgresql_directory_snapshot(catalog, context.cache(), source,
                                                          *order.directory, options,
                                                          context.clock(), call.stop);
    switch (source.kind) {
        case catalog::SourceKind::stream:
            return ingest::take_stream_snapshot(
                catalog, context.cache(), source, *order.file,
                [&](MutableBytes into) { return call.input.read(into, call.stop); }, options,
                context.clock(), call.stop);
        case catalog::SourceKind::postgresql:
            return ingest::take_postgresql_snapshot(
                catalog, context.cache(), source,
                order.backup.value_or(ingest::BaseBackupOptions{}), options, context.clock(),
                call.stop);
        case catalog::SourceKind::directory:
            break;
    }
    return ingest::take_directory_snapshot(catalog, context.cache(), source, options,
                                           context.clock(), call.stop);
}

nlohmann::json result_of(const catalog::Snapshot& snapshot, const std::string& source) {
    auto result = command::describe(snapshot, source);
    if (snapshot.outcome == catalog::Outcome::partial)
        result["exit_code"] = static_cast<int>(ExitCode::partial);
    return result;
}

}  // namespace

nlohmann::json run_snapshot(Context& context, const Call& call) {
    Fields fields(call.request);
    Order order{fields.text("source"), {}, {}, {}, {}};
    const bool stream = fields.flag("stream");
    order.file = fields.optional_text("file");
    order.backup = read_backup_options(fields);
    order.directory = fields.optional_text("from_directory");
    order.dump = read_dump_options(fields);
    Reporter reporter(call.output);
    const auto options = snapshot_options(context, fields, reporter);
    fields.done();
    if (stream != order.file.has_value())
        throw Error(Errc::invalid, "a stream and the name of its file go together");

    if (order.dump)
        return result_of(take_dump(context, call, order, options), order.name + ".dump");
    const auto source = stream ? source_of_stream(context, order.name)
                               : source_to_read(context.catalog(), order.name);
    const auto snapshot = take(context, call, order, source, options);
    return result_of(snapshot, source.name);
}

}  // namespace yore::command
