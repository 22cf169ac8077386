// SPDX-License-Identifier: Apache-2.0
#include "command/comparison.h"

#include <yore/base/error.h>
#include <yore/catalog/log.h>
#include <yore/postgresql/lsn.h>
#include <yore/view/cluster_log.h>

#include <algorithm>

#include "command/moment.h"
#include "command/no_output.h"
#include "command/sent_backup.h"
#include "command/throwaway_server.h"

namespace yore::command {
namespace {

std::optional<catalog::Snapshot> find_backup(const catalog::Catalog& catalog,
                                             const catalog::Source& source) {
    auto backup = newest_sent_backup(catalog, source.id);
    if (!backup || !backup->log || backup->log->consistent <= backup->log->start)
        return std::nullopt;
    return backup;
}

/// Else a commit before the backup's end might not be known, and be taken for a difference.
void check_log(const catalog::Logs& logs, const catalog::Source& source,
               const catalog::Snapshot& backup) {
    const auto end = backup.log->consistent;
    const auto runs = logs.runs(source.id, backup.log->incarnation);
    const bool is_stored = std::ranges::any_of(
        runs, [&](const catalog::LogRun& run) { return run.begin < end && run.end >= end; });
    if (!is_stored)
        throw Error(Errc::not_found,
                    fmt::format("the log is not stored up to {}, where base backup {} ends",
                                to_text(postgresql::lsn_of(end)), backup.name.text()),
                    {"once it is, they can be compared"});
}

/// The last commit before the end. A base backup that ends right behind a position counts for it,
/// and every record is longer than this.
std::string moment_before_end(const catalog::SnapshotLog& log) {
    const auto line = view::system_timeline(log.incarnation);
    constexpr std::uint64_t record_bytes_min = 8;
    const auto last = log.consistent.value - record_bytes_min;
    return fmt::format("sys{}-tl{}-lsn-{:X}-{:X}", line.system, line.timeline.value, last >> 32,
                       last & 0xFFFFFFFFu);
}

}  // namespace

bool can_be_compared(const catalog::Catalog& catalog, const catalog::Source& source) {
    if (source.removed || source.kind != catalog::SourceKind::postgresql) return false;
    const auto backup = find_backup(catalog, source);
    const auto names = catalog.snapshot_names(source.id);
    return backup && !names.empty() && names.front() < backup->name;
}

Comparison find_comparison(Context& context, const catalog::Source& source) {
    auto backup = find_backup(context.catalog(), source);
    if (!backup)
        throw Error(Errc::not_found,
                    fmt::format("source {} has no base backup that a server sent", source.name),
                    {fmt::format("`yore snapshot {}` takes one", source.name)});
    check_log(catalog::Logs(context.store()), source, *backup);
    auto time = moment_before_end(*backup->log);
    return {std::move(*backup), std::move(time)};
}

RowSums row_sums_of(Context& context, const catalog::Source& source, const Comparison& comparison,
                    const std::stop_token& stop) {
    NoOutput nobody;  // it is not the moment that was asked for
    const auto name = comparison.backup.name.text();
    const Moment moment = resolve_moment(context, source, name, nobody);
    return doing([&] { return fmt::format("base backup {}", name); },
                 [&] {
                     const ThrowawayServer server(context, moment, {}, ThrowawayServer::Reuse::none,
                                                  stop);
                     return row_sums(server.access(), stop);
                 });
}

}  // namespace yore::command
