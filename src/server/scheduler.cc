// SPDX-License-Identifier: Apache-2.0
#include "server/scheduler.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/command/command.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include <nlohmann/json.hpp>

namespace yore::server {
namespace {

using timeline::RunOutcome;

/// Nobody listens: what matters is in the job's record.
struct Unheard final : command::Output {
    void event(const nlohmann::json&) override {}
    void bytes(ByteView) override {}
};
struct Nothing final : command::Input {
    std::size_t read(MutableBytes, const std::stop_token&) override { return 0; }
};

nlohmann::json request_of(const ScheduleSpec& spec) {
    switch (spec.task) {
        case ScheduledTask::snapshot:
        case ScheduledTask::check:
        case ScheduledTask::roll_forward:
            return {{"source", spec.source}};
        case ScheduledTask::prune:
            return {{"sources", {spec.source}}};
        case ScheduledTask::verify:
            return command::describe(spec.verify);
        case ScheduledTask::collect:
            break;
    }
    return nlohmann::json::object();
}

RunOutcome run(command::Context& context, const timeline::Schedule& schedule,
               const std::stop_token& stop) {
    const auto request = request_of(schedule.spec());
    Unheard unheard;
    Nothing nothing;
    const command::Call call{request, unheard, nothing, stop, command::Call::Origin::schedule};
    try {
        command::run(context, timeline::name_of(schedule.spec().task), call);
        return RunOutcome::success;
    } catch (const Error& error) {
        if (error.code() == Errc::cancelled) return RunOutcome::cancelled;
        log_error("schedule {}: {}", schedule.name(), error.full_text());
    } catch (const std::exception& error) {
        log_error("schedule {}: {}", schedule.name(), error.what());
    }
    return RunOutcome::failure;
}

}  // namespace

Scheduler::Scheduler(command::Context& context, Calls& calls, std::chrono::milliseconds retry_after)
    : context_(context), calls_(calls), retry_after_(retry_after) {
    context_.schedules().attach();
    waiting_ = std::jthread([this](const std::stop_token& stop) { run_due(stop); });
}

Scheduler::~Scheduler() {
    waiting_.request_stop();
    waiting_.join();
    calls_.stop_all();
    context_.schedules().detach();
    for (Run& run : runs_) run.thread.join();
}

/// Whatever fails: schedules are what nobody looks after.
void Scheduler::run_due(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        try {
            const auto due = context_.schedules().wait_for_due(stop);
            clear_done();
            if (due) begin(*due);
        } catch (const std::exception& error) {
            log_error("schedules: {}; they go on in {} ms", error.what(), retry_after_.count());
            std::mutex alone;
            std::unique_lock lock(alone);
            std::condition_variable_any().wait_for(lock, stop, retry_after_, [] { return false; });
        }
    }
}

/// What the owner's end stops is not told of as ended: the next owner finds that it was running.
void Scheduler::begin(const command::Schedules::Entry& due) {
    std::shared_ptr<Calls::Ticket> ticket =
        calls_.begin(fmt::format("{} (by schedule)", due.schedule.name()));
    if (!ticket) return;
    Run& run_here = runs_.emplace_back();
    try {
        run_here.thread = std::thread([this, &run_here, due, ticket]() mutable {
            const auto outcome = run(context_, due.schedule, ticket->stop().get_token());
            if (!ticket->stop().stop_requested()) note_end(due, outcome);
            ticket.reset();
            run_here.done = true;
        });
    } catch (const std::exception& error) {
        log_error("schedule {}: it cannot be run: {}", due.schedule.name(), error.what());
        runs_.pop_back();
        note_end(due, RunOutcome::failure);
    }
}

void Scheduler::note_end(const command::Schedules::Entry& due, RunOutcome outcome) {
    try {
        context_.schedules().ended(due.key, outcome);
    } catch (const std::exception& error) {
        log_error("schedule {}: its end is not noted: {}", due.schedule.name(), error.what());
    }
}

void Scheduler::clear_done() {
    for (auto run = runs_.begin(); run != runs_.end();) {
        const auto next = std::next(run);
        if (run->done) {
            run->thread.join();
            runs_.erase(run);
        }
        run = next;
    }
}

}  // namespace yore::server
