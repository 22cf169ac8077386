// SPDX-License-Identifier: Apache-2.0
/// What facts come to: the same for the metrics, which alerts watch, and for `yore status`.
#pragma once

#include <map>
#include <utility>

#include "command/metric_facts.h"

namespace yore::command {

/// Nothing is stored, or to be stored any more: nullopt.
std::optional<Timestamp> stored_until(const SourceFacts&, Timestamp now);
/// Of the one that reaches furthest: that which grows. There is none: null.
const timeline::Window* furthest(const std::vector<timeline::Window>&);
/// Spans between windows of one log.
std::uint64_t gaps_in(const std::vector<timeline::Window>&);
std::uint64_t uncertain_in(const std::vector<timeline::Window>&);

/// It did its work: not failed, not ended before, and found no damage.
bool is_success(const catalog::Job&);
struct LastJobs {
    const catalog::Job* ended = nullptr;      ///< never null
    const catalog::Job* succeeded = nullptr;  ///< none is known: null
};
/// By command and source, as far as they are of interest: what became of a source that is not fed
/// any more, nobody mends.
std::map<std::pair<std::string, std::string>, LastJobs> last_jobs(const MetricFacts&);

}  // namespace yore::command
