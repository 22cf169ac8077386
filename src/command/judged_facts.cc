// SPDX-License-Identifier: Apache-2.0
#include "command/judged_facts.h"

#include <algorithm>

#include "command/job.h"

namespace yore::command {
namespace {

bool is_of_interest(const MetricFacts& facts, const catalog::Job& job) {
    return job.source.empty() || std::ranges::any_of(facts.sources, [&](const SourceFacts& source) {
               return source.is_fed && source.name == job.source;
           });
}

}  // namespace

const timeline::Window* furthest(const std::vector<timeline::Window>& windows) {
    const auto window = std::ranges::max_element(windows, {}, &timeline::Window::known_until);
    return window == windows.end() ? nullptr : &*window;
}

std::optional<Timestamp> stored_until(const SourceFacts& source, Timestamp now) {
    const timeline::Window* const window = furthest(source.windows);
    if (!source.is_fed || !window) return std::nullopt;
    // A follower knows that nothing happened since: it writes that down only now and then.
    const auto& follower = source.follower;
    if (!follower || follower->state != FollowerStatus::State::following)
        return window->known_until;
    return std::max(window->known_until, Timestamp{now.ns - follower->behind(now).ns});
}

std::uint64_t gaps_in(const std::vector<timeline::Window>& windows) {
    std::map<std::uint32_t, std::uint64_t> by_incarnation;
    for (const timeline::Window& window : windows)
        if (window.incarnation) ++by_incarnation[*window.incarnation];
    std::uint64_t gaps = 0;
    for (const auto& [incarnation, count] : by_incarnation) gaps += count - 1;
    return gaps;
}

std::uint64_t uncertain_in(const std::vector<timeline::Window>& windows) {
    std::uint64_t spans = 0;
    for (const timeline::Window& window : windows) spans += window.uncertain.size();
    return spans;
}

bool is_success(const catalog::Job& job) {
    const ExitCode code = exit_code_of(job);
    return job.state == catalog::JobState::done &&
           (code == ExitCode::ok || code == ExitCode::partial);
}

std::map<std::pair<std::string, std::string>, LastJobs> last_jobs(const MetricFacts& facts) {
    std::map<std::pair<std::string, std::string>, LastJobs> last;
    for (const catalog::Job& job : facts.jobs) {  // later ones take the place of earlier ones
        if (!has_ended(job.state) || !is_of_interest(facts, job)) continue;
        LastJobs& of_kind = last[{job.command, job.source}];
        of_kind.ended = &job;
        if (is_success(job) && job.ended) of_kind.succeeded = &job;
    }
    return last;
}

}  // namespace yore::command
