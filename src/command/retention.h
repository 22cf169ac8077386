// SPDX-License-Identifier: Apache-2.0
/// Policies in requests and answers, and what they say about a source's snapshots.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/command/context.h>
#include <yore/timeline/retention.h>

#include <optional>
#include <vector>

#include <nlohmann/json.hpp>

#include "command/fields.h"

namespace yore::command {

/// `keep_last` … `keep_yearly` (numbers), `keep_within` and `window` (durations such as `30d`).
/// None of them: nullopt. Not a duration: Errc::invalid.
std::optional<RetentionPolicy> read_policy(Fields&);
nlohmann::json describe(const RetentionPolicy&);

struct Judged {
    catalog::Source source;
    std::vector<catalog::Snapshot> snapshots;
    timeline::Judgement judgement;
};
std::vector<timeline::SnapshotFacts> facts_of(const std::vector<catalog::Snapshot>&);
/// Those in force.
timeline::Holds holds_of(Context&, const Judged&, Timestamp now);
/// By the records and the holds as of now.
timeline::Judgement judge(Context&, const Judged&, const RetentionPolicy&);
Judged judge_source(Context&, const catalog::Source&, const RetentionPolicy&);
/// The snapshots that the policy so far keeps and another one, judged as `after`, does not.
std::vector<std::size_t> victims(const Judged& before, const timeline::Judgement& after);
/// An event `verdict`: `source`, `snapshot`, `keep`, `reason`.
nlohmann::json describe_verdict(const Judged&, std::size_t place);

}  // namespace yore::command
