// SPDX-License-Identifier: Apache-2.0
/// source-import: `source`, `directory` (of dated copies, absolute), `path` (of the source itself
/// from now on, absolute; absent: the newest copy), `subdirectory` (of each copy), `times` (`name`,
/// `mtime`; absent: the usual one), `zone`, `tags`, `dry_run`, and as source-add
/// `one_file_system`, `keep_cache_dirs`, `keep_nodump`, `excludes`.
///
/// An event `copy` for each entry of the directory, with its `verdict` and for what is not taken
/// `why`; then, unless it is a dry run, events `progress` and `problem`, and an event `imported`
/// for each snapshot. The result counts; `exit_code` 3 when a copy was left out or is partial.
#include <yore/base/error.h>
#include <yore/base/path.h>
#include <yore/catalog/log.h>
#include <yore/command/text.h>
#include <yore/ingest/copy_import.h>
#include <yore/ingest/dated_copies.h>

#include "command/describe.h"
#include "command/directory_fields.h"
#include "command/run.h"

namespace yore::command {
namespace {

using ingest::CopyTimes, ingest::CopyVerdict, ingest::DatedCopy;

struct Order {
    catalog::Source source;  ///< as it is to be; its path is empty when none was given
    std::string directory;
    ingest::CopyRules rules;
    bool dry_run = false;
};

CopyTimes times_of(const std::string& text) {
    if (text == "name") return CopyTimes::names;
    if (text == "mtime") return CopyTimes::modified;
    throw Error(Errc::invalid, fmt::format("request: times {} is not name or mtime", text));
}

Order read_order(Fields& fields) {
    Order order;
    order.source.name = fields.text("source");
    order.source.directory = directory_options(fields);
    order.source.directory.path = fields.optional_text("path").value_or("");
    order.directory = fields.text("directory");
    order.rules.subdirectory = fields.optional_text("subdirectory").value_or("");
    if (const auto times = fields.optional_text("times")) order.rules.times = times_of(*times);
    if (const auto zone = fields.optional_text("zone")) order.rules.zone = Zone::named(*zone);
    order.dry_run = fields.flag("dry_run");
    return order;
}

/// The source of this name, if it is there and may be fed so.
std::optional<catalog::Source> find_before(const catalog::Catalog& catalog, const Order& order) {
    catalog::check_source_name(order.source.name);
    auto before = catalog.source(order.source.name);
    if (!before) return std::nullopt;
    const auto refuse = [&](const char* why) {
        throw Error(Errc::invalid, fmt::format("source {}: {}", before->name, why),
                    {"import into a source of its own"});
    };
    if (before->kind != catalog::SourceKind::directory) refuse("it is not a directory");
    if (!catalog::Logs(catalog.store()).incarnations(before->id).empty())
        refuse("it has a log, and snapshots of another origin have no place in that");
    return before;
}

std::string_view name_of(CopyVerdict verdict) {
    switch (verdict) {
        case CopyVerdict::take:
            return "take";
        case CopyVerdict::present:
            return "present";
        case CopyVerdict::too_old:
        case CopyVerdict::in_future:
            break;
    }
    return "leave";
}

const char* reason_of(CopyVerdict verdict) {
    switch (verdict) {
        case CopyVerdict::take:
            return "";
        case CopyVerdict::present:
            return "there is a snapshot of its time";
        case CopyVerdict::too_old:
            return "the source has a later snapshot; what is older goes into a source of its own";
        case CopyVerdict::in_future:
            return "its time is in the future";
    }
    return "";
}

void report(Reporter& reporter, const std::string& name, std::string_view verdict,
            std::string_view why, std::optional<Timestamp> time) {
    nlohmann::json event{{"verdict", verdict}};
    put_bytes(event, "name", name);
    event["time"] = time ? nlohmann::json(to_rfc3339(*time)) : nlohmann::json();
    if (!why.empty()) event["why"] = why;
    reporter.event("copy", std::move(event));
}

/// What is to be done, told as it is found out.
struct Plan {
    std::vector<DatedCopy> take;
    std::optional<std::string> newest;  ///< of those that are taken or were: its name
    std::size_t present = 0;
    std::size_t left_out = 0;  ///< copies
};

Plan make_plan(Context& context, const Order& order, Reporter& reporter) {
    const auto before = find_before(context.catalog(), order);
    const auto stored =
        before ? context.catalog().snapshots(before->id) : std::vector<catalog::Snapshot>();
    const auto found = ingest::find_copies(order.directory, order.rules);
    const auto verdicts = ingest::judge_copies(found.copies, stored, context.clock().now());
    Plan plan;
    for (const auto& [name, why] : found.left_out) report(reporter, name, "leave", why, {});
    for (std::size_t i = 0; i < found.copies.size(); ++i) {
        const DatedCopy& copy = found.copies[i];
        report(reporter, copy.name, name_of(verdicts[i]), reason_of(verdicts[i]), copy.time);
        if (verdicts[i] == CopyVerdict::take) plan.take.push_back(copy);
        const bool kept = verdicts[i] == CopyVerdict::take || verdicts[i] == CopyVerdict::present;
        if (kept) plan.newest = copy.name;
        if (verdicts[i] == CopyVerdict::present) ++plan.present;
        if (!kept) ++plan.left_out;
    }
    if (found.copies.empty())
        throw Error(
            Errc::not_found, fmt::format("{}: it holds no dated copies", order.directory),
            {"`--dry-run` says of each directory why", "`--time mtime` goes by their times"});
    return plan;
}

/// Without its path, which may be another from now on.
bool same_options(catalog::DirectoryOptions a, const catalog::DirectoryOptions& b) {
    return a.one_file_system == b.one_file_system && a.ignore_cache_dirs == b.ignore_cache_dirs &&
           a.ignore_nodump == b.ignore_nodump && a.excludes == b.excludes;
}

catalog::Source make_source(Context& context, const Order& order, const Plan& plan) {
    auto& catalog = context.catalog();
    auto source = order.source;
    auto& path = source.directory.path;
    const auto before = find_before(catalog, order);
    if (!before || before->removed) {
        if (path.empty())
            path = join_path(join_path(order.directory, plan.newest.value_or("")),
                             order.rules.subdirectory);
        source.created = context.clock().now();
        return catalog.add_source(std::move(source));
    }
    if (!same_options(order.source.directory, before->directory) &&
        !same_options(order.source.directory, {}))
        throw Error(Errc::invalid,
                    fmt::format("source {}: it is there, with other options", source.name),
                    {"without any, those that it has are used"});
    if (path.empty() || path == before->directory.path) return *before;
    auto changed = *before;
    changed.directory.path = path;
    return catalog.change_source(changed);
}

/// What all snapshots of an import come to.
struct Sums {
    std::uint64_t taken = 0, partial = 0, bytes_read = 0, bytes_new = 0, bytes_stored = 0;

    void add(const catalog::Snapshot& snapshot) {
        ++taken;
        if (snapshot.outcome == catalog::Outcome::partial) ++partial;
        bytes_read += snapshot.counts.bytes_read;
        bytes_new += snapshot.counts.bytes_new;
        bytes_stored += snapshot.counts.bytes_stored;
    }
};

Sums take_all(Context& context, const Order& order, const Plan& plan,
              ingest::SnapshotOptions options, Reporter& reporter, const std::stop_token& stop) {
    Sums sums;
    const auto source = make_source(context, order, plan);
    ingest::CopyImport import(
        {context.catalog(), context.cache(), source, order.directory, context.clock()});
    options.progress = [&](const ingest::Progress& progress) {
        auto event = describe(progress);
        event["copies_done"] = sums.taken;
        event["copies"] = plan.take.size();
        reporter.event("progress", std::move(event));
    };
    for (const DatedCopy& copy : plan.take) {
        const auto path =
            join_path(join_path(order.directory, copy.name), order.rules.subdirectory);
        const auto snapshot = import.take(path, copy.time, options, stop);
        sums.add(snapshot);
        reporter.event("imported", command::describe(snapshot, source.name));
    }
    return sums;
}

}  // namespace

nlohmann::json run_source_import(Context& context, const Call& call) {
    Fields fields(call.request);
    Reporter reporter(call.output);
    const Order order = read_order(fields);
    const auto options = snapshot_options(context, fields, reporter);
    fields.done();
    const Plan plan = make_plan(context, order, reporter);
    Sums sums;
    const bool any = plan.newest.has_value();
    if (any && !order.dry_run) sums = take_all(context, order, plan, options, reporter, call.stop);
    nlohmann::json result{{"copies", plan.take.size()},  {"present", plan.present},
                          {"left_out", plan.left_out},   {"taken", sums.taken},
                          {"partial", sums.partial},     {"bytes_read", sums.bytes_read},
                          {"bytes_new", sums.bytes_new}, {"bytes_stored", sums.bytes_stored},
                          {"dry_run", order.dry_run}};
    put_bytes(result, "source", order.source.name);
    if (sums.partial > 0 || plan.left_out > 0)
        result["exit_code"] = static_cast<int>(ExitCode::partial);
    return result;
}

}  // namespace yore::command
