// SPDX-License-Identifier: Apache-2.0
#include "model/model.h"

#include <ctime>
#include <deque>
#include <thread>

#include <fmt/format.h>
#include <sys/stat.h>

#include "model/digest.h"
#include "model/revival.h"
#include "model/steps.h"

namespace yore::test {
namespace {

constexpr std::size_t lines_max = 12;

bool operator==(const timespec& a, const timespec& b) {
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

/// The times of what a step names, and later which of them have changed.
class TimesBefore {
  public:
    TimesBefore(const Side& side, const Step& step) : side_(side), step_(step), before_(read()) {}

    struct Change {
        bool modified = false, changed = false;
        mode_t mode = 0;
    };
    std::vector<Change> since() const {
        const std::vector<struct stat> after = read();
        std::vector<Change> changes;
        for (std::size_t i = 0; i < after.size(); ++i)
            if (after[i].st_ino == before_[i].st_ino)
                changes.push_back({!(after[i].st_mtim == before_[i].st_mtim),
                                   !(after[i].st_ctim == before_[i].st_ctim), after[i].st_mode});
        return changes;
    }

  private:
    std::vector<struct stat> read() const {
        std::vector<struct stat> stats;
        for (const std::string& path : step_.timed) {
            struct stat& stat = stats.emplace_back();
            if (::lstat(side_.at(path).c_str(), &stat) != 0) stat = {};
        }
        if (step_.timed_slot) {
            struct stat& stat = stats.emplace_back();
            if (::fstat(side_.slot(*step_.timed_slot), &stat) != 0) stat = {};
        }
        return stats;
    }
    const Side& side_;
    const Step& step_;
    std::vector<struct stat> before_;
};

/// Until the clock that the kernel gives files their times by is past all that it gave so far:
/// finer times run ahead of it by up to two of its ticks.
void wait_for_ticks() {
    const auto read = [] {
        timespec time{};
        ::clock_gettime(CLOCK_REALTIME_COARSE, &time);
        return time;
    };
    for (int ticks = 0; ticks < 2; ++ticks)
        for (const timespec began = read(); read() == began;) std::this_thread::yield();
}

/// Where the model's times changed, so must the others; a modification that was none is as wrong.
std::string times_difference(const TimesBefore& model_before, const TimesBefore& tried_before) {
    const auto model = model_before.since(), tried = tried_before.since();
    for (std::size_t i = 0; i < std::min(model.size(), tried.size()); ++i) {
        if (model[i].modified != tried[i].modified)
            return fmt::format("modification time of no. {}, {:o}: changed {}, {}", i,
                               model[i].mode, model[i].modified, tried[i].modified);
        if (model[i].changed && !tried[i].changed)
            return fmt::format("change time of no. {}, {:o}: did not change", i, model[i].mode);
    }
    return "";
}

Choices::Known known_in(const std::string& top) {
    Choices::Known known;
    for (const auto& [path, text] : description_of_tree(top)) {
        if (path.empty()) continue;
        known.paths.push_back(path);
        if (text.starts_with("10")) known.files.push_back(path);  // S_IFREG, in octal
        if (text.starts_with("4")) known.directories.push_back(path);
    }
    return known;
}

class Trial {
  public:
    explicit Trial(const ModelOptions& options)
        : options_(options), choices_(options.seed), model_(options.model), tried_(options.tried) {
        if (!options.revive.empty()) revival_.emplace(model_, tried_, options.revive, options.seed);
    }

    std::optional<std::string> run() {
        for (done_ = 0; done_ < options_.steps; ++done_) {
            if (done_ % options_.batch == 0)
                if (auto wrong = compare()) return wrong;
            if (auto wrong = step()) return wrong;
        }
        if (revival_) tell(revival_->counts());
        return compare();
    }

  private:
    std::optional<std::string> step() {
        const Step step = maker_.next(choices_);
        recent_.push_back(step.text);
        if (recent_.size() > options_.batch) recent_.pop_front();
        if (revival_) {
            // What of many calls was done, nothing here can tell.
            if (step.kind == Step::Kind::program) return std::nullopt;
            const auto wrong = revival_->run(step);
            return wrong ? std::optional(failure(*wrong)) : std::nullopt;
        }
        std::optional<TimesBefore> model_times, tried_times;
        if (choices_.one_in(20)) {
            model_times.emplace(model_, step);
            tried_times.emplace(tried_, step);
            wait_for_ticks();
        }
        const Outcome model = perform(model_, step), tried = perform(tried_, step);
        if (model != tried)
            return failure(fmt::format("outcome: {} in the model, {} where tried", text_of(model),
                                       text_of(tried)));
        const std::string times =
            model_times ? times_difference(*model_times, *tried_times) : std::string();
        return times.empty() ? std::nullopt : std::optional(failure(times));
    }

    std::optional<std::string> compare() {
        choices_.know(known_in(options_.model));
        const std::string wrong = tree_difference(options_.model, options_.tried);
        return wrong.empty() ? std::nullopt : std::optional(failure(wrong));
    }

    static void tell(const Revival::Counts& counts) {
        fmt::print("kills: {} behind a step, of {} nothing had come, of {} all, of {} a part\n",
                   counts.acknowledged, counts.nothing, counts.all, counts.a_part);
    }

    std::string failure(const std::string& what) const {
        std::string text = fmt::format("seed {}, after step {}: {}\nthe last steps:\n",
                                       options_.seed, done_, what);
        for (const std::string& step : recent_) text += "  " + step + "\n";
        return text;
    }

    ModelOptions options_;
    Choices choices_;
    Side model_, tried_;
    StepMaker maker_;
    std::optional<Revival> revival_;
    std::uint64_t done_ = 0;
    std::deque<std::string> recent_;
};

}  // namespace

std::optional<std::string> difference_after(const ModelOptions& options) {
    return Trial(options).run();
}

std::string tree_difference(const std::string& model_top, const std::string& tried_top) {
    const auto model = description_of_tree(model_top), tried = description_of_tree(tried_top);
    std::vector<std::string> lines;
    for (const auto& [path, text] : model) {
        const auto other = tried.find(path);
        if (other == tried.end())
            lines.push_back(fmt::format("{}: missing, was {}", quoted(path), text));
        else if (other->second != text || text.find('!') != std::string::npos)
            lines.push_back(fmt::format("{}:\n    {}\n    {}", quoted(path), text, other->second));
    }
    for (const auto& [path, text] : tried)
        if (!model.contains(path))
            lines.push_back(fmt::format("{}: added, {}", quoted(path), text));
    if (lines.size() > lines_max) lines.resize(lines_max);
    return fmt::format("{}", fmt::join(lines, "\n"));
}

}  // namespace yore::test
