// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/context.h>
#include <yore/command/jobs.h>
#include <yore/command/text.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>

#include "command/job.h"

namespace yore::command {
namespace {

using catalog::Job, catalog::JobState;

/// Events besides progress that a follower may be behind with.
constexpr std::size_t findings_max = 1000;

constexpr std::array<std::string_view, 13> job_commands{
    "check", "clone-create", "clone-remove", "clone-reset", "clone-snapshot", "collect", "dump",
    "prune", "restore",      "roll-forward", "snapshot",    "source-import",  "verify"};

/// A job that runs here. `pause_wanted` is read without the lock, changed under it.
struct Running {
    Job job;
    nlohmann::json progress;
    std::uint64_t progress_count = 0;
    std::deque<nlohmann::json> findings;  ///< the last of them
    std::uint64_t finding_count = 0;      ///< of all there were
    std::atomic<bool> pause_wanted = false;
    std::stop_source stop;

    Job now() const {
        Job seen = job;
        if (!progress.is_null()) seen.progress = compact(progress);
        return seen;
    }
};

Error no_job(std::uint64_t number) {
    return Error(Errc::not_found, fmt::format("there is no job {}", number),
                 {"`yore jobs list` shows them; of those that have ended, the last 1,000"});
}

Error has_ended_already(const Job& job) {
    return Error(Errc::invalid,
                 fmt::format("job {} has ended: {}", job.number, name_of(job.state)));
}

bool is_set(const nlohmann::json& request, const char* flag) {
    const auto found = request.find(flag);
    return found != request.end() && found->is_boolean() && found->get<bool>();
}

}  // namespace

bool is_job(std::string_view command, const nlohmann::json& request) {
    return std::ranges::count(job_commands, command) > 0 && request.is_object() &&
           !is_set(request, "dry_run");
}

bool is_endless(std::string_view command) {
    return command == "log-follow";
}

struct Jobs::State {
    State(store::Store& store_in, const Clock& clock_in) : store(store_in), clock(clock_in) {}

    store::Store& store;
    const Clock& clock;
    std::once_flag loaded;
    std::mutex mutex;  ///< guards what follows and all Running; nothing is stored under it
    std::condition_variable_any changed;
    std::uint64_t next_number = 1;
    std::map<std::uint64_t, std::shared_ptr<Running>> running;
    std::map<std::uint64_t, Job> ended;

    void load();
    void record(const std::vector<store::RecordChange>&);
    std::shared_ptr<Running> begin(const Command&, const Call&);
    void end(Running&, JobState, const nlohmann::json& answer);
    void take_event(Running&, const nlohmann::json&);
    void wait_while_paused(Running&);
    std::shared_ptr<Running> running_job(std::uint64_t number);
    Job seen(std::uint64_t number);
    std::vector<store::RecordChange> forget_oldest();
};

namespace {

/// What a job hands out goes to who called, and to who follows.
template <typename State>
class JobOutput final : public Output {
  public:
    JobOutput(State& state, Running& job, Output& caller)
        : state_(state), job_(job), caller_(caller) {}
    void event(const nlohmann::json& event) override {
        state_.take_event(job_, event);
        caller_.event(event);
    }
    void bytes(ByteView bytes) override { caller_.bytes(bytes); }
    void pause_point() override {
        if (job_.pause_wanted.load(std::memory_order_relaxed)) state_.wait_while_paused(job_);
        caller_.pause_point();
    }

  private:
    State& state_;
    Running& job_;
    Output& caller_;
};

}  // namespace

/// Whoever asks first has the repository to itself: what is still running in the records, is not.
void Jobs::State::load() {
    std::call_once(loaded, [&] {
        std::vector<store::RecordChange> marks;
        std::map<std::uint64_t, Job> found;
        for (Job& job : catalog::load_jobs(store)) {
            if (!has_ended(job.state)) {
                job.state = JobState::interrupted;
                marks.push_back(catalog::put(job));
            }
            found.emplace(job.number, std::move(job));
        }
        if (!marks.empty()) record(marks);
        std::scoped_lock lock(mutex);
        ended = std::move(found);
        if (!ended.empty()) next_number = ended.rbegin()->first + 1;
    });
}

void Jobs::State::record(const std::vector<store::RecordChange>& changes) {
    if (store.read_only()) return;
    try {
        store.commit(changes);
    } catch (const Error& error) {
        log_warning("what became of a job is not recorded: {}", error.what());
    }
}

std::vector<store::RecordChange> Jobs::State::forget_oldest() {
    std::vector<store::RecordChange> removals;
    while (ended.size() > history_max) {
        removals.push_back(catalog::remove_job(ended.begin()->first));
        ended.erase(ended.begin());
    }
    return removals;
}

std::shared_ptr<Running> Jobs::State::begin(const Command& command, const Call& call) {
    load();
    auto begun = std::make_shared<Running>();
    begun->job.command = command.name;
    begun->job.source = source_of(call.request);
    begun->job.started = clock.now();
    begun->job.scheduled = call.origin == Call::Origin::schedule;
    std::vector<store::RecordChange> changes;
    {
        std::scoped_lock lock(mutex);
        begun->job.number = next_number++;
        changes = forget_oldest();
        changes.push_back(catalog::put(begun->job));
        running.emplace(begun->job.number, begun);
    }
    record(changes);
    changed.notify_all();
    return begun;
}

void Jobs::State::end(Running& job, JobState state, const nlohmann::json& answer) {
    Job last;
    {
        std::scoped_lock lock(mutex);
        last = job.now();
    }
    last.state = state;
    last.ended = clock.now();
    last.answer = compact(answer);
    record({catalog::put(last)});
    {
        std::scoped_lock lock(mutex);
        running.erase(last.number);
        ended.emplace(last.number, last);
    }
    changed.notify_all();
}

void Jobs::State::take_event(Running& job, const nlohmann::json& event) {
    const auto kind = event.value("event", "");
    {
        std::scoped_lock lock(mutex);
        if (kind == "progress") {
            job.progress = event;
            ++job.progress_count;
        } else if (kind == "problem" || kind == "damage") {
            job.findings.push_back(event);
            ++job.finding_count;
            if (job.findings.size() > findings_max) job.findings.pop_front();
        } else {
            return;
        }
    }
    changed.notify_all();
}

void Jobs::State::wait_while_paused(Running& job) {
    std::unique_lock lock(mutex);
    if (!job.pause_wanted) return;
    job.job.state = JobState::paused;
    changed.notify_all();
    changed.wait(lock, job.stop.get_token(), [&] { return !job.pause_wanted; });
    job.job.state = JobState::running;
}

/// With the lock held. It has ended: nullptr. There is none: not_found.
std::shared_ptr<Running> Jobs::State::running_job(std::uint64_t number) {
    const auto found = running.find(number);
    if (found != running.end()) return found->second;
    if (!ended.contains(number)) throw no_job(number);
    return nullptr;
}

/// With the lock held.
Job Jobs::State::seen(std::uint64_t number) {
    const auto here = running_job(number);
    return here ? here->now() : ended.at(number);
}

Jobs::Jobs(store::Store& store, const Clock& clock)
    : state_(std::make_unique<State>(store, clock)) {}
Jobs::~Jobs() = default;

nlohmann::json Jobs::run(Context& context, const Command& command, const Call& call) {
    const auto job = state_->begin(command, call);
    const std::stop_callback forward(call.stop, [&] { job->stop.request_stop(); });
    JobOutput<State> output(*state_, *job, call.output);
    const Call inner{call.request,          output,      call.input,
                     job->stop.get_token(), call.origin, job->job.number};
    try {
        auto result = command.run(context, inner);
        state_->end(*job, JobState::done, result);
        result["job"] = job->job.number;
        return result;
    } catch (const Error& error) {
        const bool cancelled = error.code() == Errc::cancelled;
        state_->end(*job, cancelled ? JobState::cancelled : JobState::failed, error_record(error));
        throw;
    } catch (const std::exception& error) {
        state_->end(*job, JobState::failed, error_record(Error(Errc::io, error.what())));
        throw;
    }
}

std::vector<Job> Jobs::list() {
    state_->load();
    std::scoped_lock lock(state_->mutex);
    std::vector<Job> jobs;
    for (const auto& [number, job] : state_->ended) jobs.push_back(job);
    for (const auto& [number, job] : state_->running) jobs.push_back(job->now());
    std::ranges::sort(jobs, {}, &Job::number);
    return jobs;
}

Job Jobs::show(std::uint64_t number) {
    state_->load();
    std::scoped_lock lock(state_->mutex);
    return state_->seen(number);
}

Job Jobs::follow(std::uint64_t number, Output& output, const std::stop_token& stop) {
    state_->load();
    std::unique_lock lock(state_->mutex);
    const auto job = state_->running_job(number);
    if (!job) return state_->ended.at(number);
    std::uint64_t progress_told = 0, findings_told = job->finding_count;
    for (;;) {
        const auto is_news = [&] {
            return job->progress_count != progress_told || job->finding_count != findings_told ||
                   !state_->running.contains(number);
        };
        if (!state_->changed.wait(lock, stop, is_news))
            throw Error(Errc::cancelled, fmt::format("job {} goes on", number));
        std::vector<nlohmann::json> news;
        const auto behind =
            std::min<std::uint64_t>(job->finding_count - findings_told, job->findings.size());
        news.assign(job->findings.end() - static_cast<std::ptrdiff_t>(behind), job->findings.end());
        if (job->progress_count != progress_told) news.push_back(job->progress);
        progress_told = job->progress_count;
        findings_told = job->finding_count;
        const auto last = state_->ended.find(number);
        const auto ended = last == state_->ended.end() ? std::nullopt : std::optional(last->second);
        lock.unlock();
        for (const auto& event : news) output.event(event);
        if (ended) return *ended;
        lock.lock();
    }
}

Job Jobs::cancel(std::uint64_t number, const std::stop_token& stop) {
    state_->load();
    std::unique_lock lock(state_->mutex);
    const auto job = state_->running_job(number);
    if (!job) throw has_ended_already(state_->ended.at(number));
    lock.unlock();
    job->stop.request_stop();
    lock.lock();
    if (!state_->changed.wait(lock, stop, [&] { return !state_->running.contains(number); }))
        throw Error(Errc::cancelled, fmt::format("job {} has not ended yet", number));
    return state_->seen(number);
}

Job Jobs::pause(std::uint64_t number, const std::stop_token& stop) {
    state_->load();
    std::unique_lock lock(state_->mutex);
    const auto job = state_->running_job(number);
    if (!job) throw has_ended_already(state_->ended.at(number));
    if (job->job.command == "prune")
        throw Error(Errc::invalid,
                    fmt::format("job {}: a prune is one step, and cannot be paused", number));
    job->pause_wanted = true;
    const auto is_settled = [&] {
        return job->job.state == JobState::paused || !state_->running.contains(number);
    };
    if (!state_->changed.wait(lock, stop, is_settled))
        throw Error(Errc::cancelled, fmt::format("job {} has not paused yet", number));
    return state_->seen(number);
}

Job Jobs::resume(std::uint64_t number) {
    state_->load();
    std::unique_lock lock(state_->mutex);
    const auto job = state_->running_job(number);
    if (!job) throw has_ended_already(state_->ended.at(number));
    if (!job->pause_wanted.exchange(false))
        throw Error(Errc::invalid, fmt::format("job {} is not paused", number));
    job->job.state = JobState::running;
    state_->changed.notify_all();
    return job->now();
}

}  // namespace yore::command
