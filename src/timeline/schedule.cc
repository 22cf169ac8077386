// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/timeline/schedule.h>

#include <algorithm>
#include <array>

namespace yore::timeline {
namespace {

template <typename Value>
struct Word {
    Value value;
    std::string_view name;
};
constexpr std::array task_words{
    Word<ScheduledTask>{ScheduledTask::snapshot, "snapshot"},
    Word<ScheduledTask>{ScheduledTask::prune, "prune"},
    Word<ScheduledTask>{ScheduledTask::verify, "verify"},
    Word<ScheduledTask>{ScheduledTask::collect, "collect"},
    Word<ScheduledTask>{ScheduledTask::check, "check"},
    Word<ScheduledTask>{ScheduledTask::roll_forward, "roll-forward"},
};
constexpr std::array running_words{
    Word<OnPreviousRunning>{OnPreviousRunning::wait, "wait"},
    Word<OnPreviousRunning>{OnPreviousRunning::skip, "skip"},
};
constexpr std::array failure_words{
    Word<OnFailure>{OnFailure::retry, "retry"},
    Word<OnFailure>{OnFailure::reschedule, "reschedule"},
    Word<OnFailure>{OnFailure::pause, "pause"},
};

template <typename Words>
auto parse_word(const Words& words, std::string_view what, std::string_view text) {
    const auto found = std::ranges::find(words, text, [](const auto& word) { return word.name; });
    if (found != words.end()) return found->value;
    std::string known;
    for (const auto& word : words)
        known += fmt::format("{}{}", known.empty() ? "" : ", ", word.name);
    throw Error(Errc::invalid, fmt::format("{}: `{}` is none of {}", what, text, known));
}

template <typename Words, typename Value>
std::string_view word_of(const Words& words, Value value) {
    const auto found = std::ranges::find(words, value, [](const auto& word) { return word.value; });
    YORE_ENSURE(found != words.end());
    return found->name;
}

}  // namespace

ScheduledTask parse_task(std::string_view text) {
    return parse_word(task_words, "task", text);
}
OnPreviousRunning parse_on_previous_running(std::string_view text) {
    return parse_word(running_words, "on_previous_running", text);
}
OnFailure parse_on_failure(std::string_view text) {
    return parse_word(failure_words, "on_failure", text);
}
std::string_view name_of(ScheduledTask task) {
    return word_of(task_words, task);
}
std::string_view name_of(OnPreviousRunning policy) {
    return word_of(running_words, policy);
}
std::string_view name_of(OnFailure policy) {
    return word_of(failure_words, policy);
}

std::string schedule_name(ScheduledTask task, const std::string& source) {
    if (task == ScheduledTask::snapshot) return source;
    return std::string(name_of(task)) + (source.empty() ? "" : " ") + source;
}

void check_source(const ScheduleSpec& spec) {
    const bool is_of_source =
        spec.task != ScheduledTask::verify && spec.task != ScheduledTask::collect;
    if (is_of_source && spec.source.empty())
        throw Error(Errc::invalid,
                    fmt::format("a schedule of {} needs a source", name_of(spec.task)));
    if (!is_of_source && !spec.source.empty())
        throw Error(Errc::invalid,
                    fmt::format("a schedule of {} has no source: it is for the whole repository",
                                name_of(spec.task)));
}

void check_log_bytes(const ScheduleSpec& spec) {
    if (spec.task != ScheduledTask::roll_forward && spec.log_bytes > 0)
        throw Error(Errc::invalid, fmt::format("a schedule of {} has no amount of log: "
                                               "roll-forward has",
                                               name_of(spec.task)));
    if (spec.task == ScheduledTask::roll_forward && spec.log_bytes == 0 && spec.cron.empty())
        throw Error(Errc::invalid, "a schedule of roll-forward needs an amount of log or times",
                    {"such as `--log 16G`, `--cron @daily`, or both"});
}

std::uint8_t verify_level(std::uint64_t number) {
    if (number < 1 || number > 3)
        throw Error(Errc::invalid, fmt::format("there is no level {}", number),
                    {"1 checks records and references, 2 reads every byte, 3 puts a moment of "
                     "each source to use"});
    return static_cast<std::uint8_t>(number);
}

void check_verify(const VerifySpec& spec) {
    (void)verify_level(spec.level);
    if (spec.compare && spec.level != 3)
        throw Error(Errc::invalid, "a comparison needs level 3, which puts a moment to use");
    if (spec.compare && spec.random)
        throw Error(Errc::invalid,
                    "a random moment is not compared: no backup by a server ends there");
    if (spec.random && spec.level != 3)
        throw Error(Errc::invalid, "a random moment needs level 3, which puts a moment to use");
    if (spec.level != 2 && (spec.max_time || spec.older_than))
        throw Error(Errc::invalid, "a time limit or an age needs level 2, which reads every byte");
    if ((spec.max_time && spec.max_time->ns <= 0) || (spec.older_than && spec.older_than->ns <= 0))
        throw Error(Errc::invalid, "the time limit and the age are above 0");
}

namespace {

void check_task(const ScheduleSpec& spec) {
    check_source(spec);
    check_log_bytes(spec);
    check_verify(spec.verify);
    if (spec.task != ScheduledTask::verify && spec.verify != VerifySpec{})
        throw Error(Errc::invalid,
                    fmt::format("a schedule of {} has no level, time limit, age, random moment "
                                "or comparison: verify has",
                                name_of(spec.task)));
}

/// By amount alone: looked for as often as a line can say.
const std::string& times_of(const ScheduleSpec& spec) {
    static const std::string each_minute = "* * * * *";
    return spec.cron.empty() && spec.log_bytes > 0 ? each_minute : spec.cron;
}

ScheduleSpec checked(ScheduleSpec spec) {
    check_task(spec);
    return spec;
}

}  // namespace

Schedule::Schedule(ScheduleSpec spec)
    : spec_(checked(std::move(spec))),
      cron_(doing([&] { return fmt::format("schedule {}", name()); },
                  [&] { return Cron::parse(times_of(spec_)); })),
      zone_(doing([&] { return fmt::format("schedule {}", name()); },
                  [&] { return Zone::named(spec_.zone); })) {}

std::optional<Timestamp> Schedule::next_after(Timestamp time) const {
    return cron_.next_after(time, zone_);
}

}  // namespace yore::timeline
