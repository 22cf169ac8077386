// SPDX-License-Identifier: Apache-2.0
#include "command/log_behind.h"

#include <yore/timeline/plan.h>
#include <yore/view/source_records.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace yore::command {
namespace {

constexpr std::array<std::string_view, 3> backups{"roll-forward", "snapshot", "source-import"};

bool backs_up(const catalog::Job& job, const std::string& source) {
    const bool runs =
        job.state == catalog::JobState::running || job.state == catalog::JobState::paused;
    return runs && job.source == source && std::ranges::count(backups, job.command) > 0;
}

}  // namespace

timeline::LogBehind log_behind(const catalog::Catalog& catalog, const store::ObjectCache& cache,
                               Jobs& jobs, std::uint32_t source, Timestamp now) {
    const auto found = catalog.source(source);
    if (!found || found->kind != catalog::SourceKind::postgresql) return {};
    const view::SourceRecords records(catalog, cache, source);
    const auto latest = timeline::plan(records, timeline::Latest{}, now);
    const auto* plan = std::get_if<timeline::Plan>(&latest);
    return {.bytes = plan == nullptr ? 0 : timeline::log_behind_base(*plan),
            .backup_runs = std::ranges::any_of(
                jobs.list(), [&](const catalog::Job& job) { return backs_up(job, found->name); })};
}

}  // namespace yore::command
