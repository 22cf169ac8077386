// SPDX-License-Identifier: Apache-2.0
#include <yore/timeline/retention.h>

#include <algorithm>
#include <chrono>
#include <limits>
#include <set>

#include <fmt/format.h>

namespace yore::timeline {
namespace {

using Period = std::int64_t (*)(Timestamp);

constexpr std::int64_t ns_in_hour = 3'600'000'000'000;
constexpr std::int64_t ns_in_day = 24 * ns_in_hour;

std::int64_t floor_divide(std::int64_t value, std::int64_t by) {
    return value / by - (value % by < 0 ? 1 : 0);
}
std::int64_t hour_of(Timestamp time) {
    return floor_divide(time.ns, ns_in_hour);
}
std::int64_t day_of(Timestamp time) {
    return floor_divide(time.ns, ns_in_day);
}
std::int64_t week_of(Timestamp time) {
    return floor_divide(day_of(time) + 3, 7);  // 1970-01-01 was a Thursday
}
std::chrono::year_month_day date_of(Timestamp time) {
    return std::chrono::sys_days(std::chrono::days(day_of(time)));
}
std::int64_t year_of(Timestamp time) {
    return int{date_of(time).year()};
}
std::int64_t month_of(Timestamp time) {
    return 12 * year_of(time) + unsigned{date_of(time).month()};
}

/// Applies one rule after the other to the snapshots of one source.
class Judge {
  public:
    explicit Judge(const History& history)
        : snapshots_(history.snapshots), verdicts_(snapshots_.size()) {
        Timestamp latest{std::numeric_limits<std::int64_t>::min()};
        for (const SnapshotFacts& snapshot : snapshots_)
            latest_ends_.push_back(latest = std::max(latest, snapshot.ended));
    }

    void keep_all() {
        for (Verdict& verdict : verdicts_) verdict.keep.push_back({.rule = Rule::no_policy});
    }

    void keep_last(std::uint32_t count) {
        std::uint32_t nth = 0;
        for (std::size_t place = snapshots_.size(); place > 0 && nth < count; --place)
            keep(place - 1, {.rule = Rule::last, .nth = ++nth, .of = count});
    }

    void keep_by(Rule rule, std::uint32_t count, Period period) {
        std::set<std::int64_t> seen;
        for (std::size_t place = snapshots_.size(); place > 0 && seen.size() < count; --place)
            if (seen.insert(period(snapshots_[place - 1].ended)).second)
                keep(place - 1,
                     {.rule = rule, .nth = static_cast<std::uint32_t>(seen.size()), .of = count});
    }

    void keep_within(Timestamp since) {
        for (std::size_t place = 0; place < snapshots_.size(); ++place)
            if (snapshots_[place].ended >= since) keep(place, {.rule = Rule::within});
    }

    /// Returns since when the guarantee holds.
    std::optional<Timestamp> keep_window(Timestamp since) {
        if (snapshots_.empty()) return std::nullopt;
        const std::size_t base = place_at(since).value_or(0);
        for (std::size_t place = base; place < snapshots_.size(); ++place)
            keep(place, {.rule = Rule::window});
        return std::max(since, snapshots_[base].ended);
    }

    void keep_newest_good() {
        if (snapshots_.empty()) return;
        std::size_t place = snapshots_.size();
        while (place > 0 && !snapshots_[place - 1].complete) --place;
        keep((place > 0 ? place : snapshots_.size()) - 1, {.rule = Rule::newest_good});
    }

    void keep_held(const Holds& holds) {
        for (const HeldSnapshot& held : holds.snapshots)
            if (held.place < snapshots_.size())
                keep(held.place, {.rule = Rule::hold, .hold = held.name});
        for (const HeldSpan& held : holds.spans) {
            const auto last = place_at(held.to);
            if (!last) continue;
            for (std::size_t place = place_at(held.from).value_or(0); place <= *last; ++place)
                keep(place, {.rule = Rule::hold, .hold = held.name});
        }
    }

    std::vector<Verdict> verdicts() && { return std::move(verdicts_); }

  private:
    void keep(std::size_t place, Reason reason) {
        verdicts_[place].keep.push_back(std::move(reason));
    }
    /// The snapshot that a moment means: the last one before the first that ended later.
    std::optional<std::size_t> place_at(Timestamp moment) const {
        const auto later = std::ranges::upper_bound(latest_ends_, moment);
        if (later == latest_ends_.begin()) return std::nullopt;
        return static_cast<std::size_t>(later - latest_ends_.begin()) - 1;
    }

    std::span<const SnapshotFacts> snapshots_;
    std::vector<Timestamp> latest_ends_;  ///< of each one and all before it: never falls
    std::vector<Verdict> verdicts_;
};

std::string_view name_of(Rule rule) {
    switch (rule) {
        case Rule::no_policy:
            return "no policy";
        case Rule::last:
            return "last";
        case Rule::hourly:
            return "hourly";
        case Rule::daily:
            return "daily";
        case Rule::weekly:
            return "weekly";
        case Rule::monthly:
            return "monthly";
        case Rule::yearly:
            return "yearly";
        case Rule::within:
            return "within the span to keep";
        case Rule::window:
            return "needed by the window";
        case Rule::newest_good:
            return "the newest good one";
        case Rule::hold:
            return "hold";
    }
    return "unknown";
}

}  // namespace

std::string Reason::text() const {
    if (of > 0) return fmt::format("{} {} of {}", name_of(rule), nth, of);
    if (rule == Rule::hold) return "hold " + hold;
    return std::string(name_of(rule));
}

std::string Verdict::text() const {
    if (keep.empty()) return "no rule keeps it";
    std::string text;
    for (const Reason& reason : keep) text += (text.empty() ? "" : ", ") + reason.text();
    return text;
}

Timestamp before(Timestamp now, Duration span) {
    Timestamp then;
    if (__builtin_sub_overflow(now.ns, span.ns, &then.ns))
        return {std::numeric_limits<std::int64_t>::min()};
    return then;
}

Judgement judge(const History& history, const RetentionPolicy& policy, const Holds& holds,
                Timestamp now) {
    Judge judge(history);
    Judgement judgement;
    if (policy.empty()) judge.keep_all();
    judge.keep_last(policy.last);
    judge.keep_by(Rule::hourly, policy.hourly, hour_of);
    judge.keep_by(Rule::daily, policy.daily, day_of);
    judge.keep_by(Rule::weekly, policy.weekly, week_of);
    judge.keep_by(Rule::monthly, policy.monthly, month_of);
    judge.keep_by(Rule::yearly, policy.yearly, year_of);
    if (policy.within.ns > 0) judge.keep_within(before(now, policy.within));
    if (policy.window.ns > 0) judgement.window_from = judge.keep_window(before(now, policy.window));
    if (!policy.empty()) judge.keep_newest_good();
    judge.keep_held(holds);
    judgement.snapshots = std::move(judge).verdicts();
    return judgement;
}

}  // namespace yore::timeline
