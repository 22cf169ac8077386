// SPDX-License-Identifier: Apache-2.0
//
// Verdicts against a model that asks of each snapshot alone whether a rule, taken by its words,
// keeps it.
#include <yore/timeline/retention.h>

#include <ctime>
#include <map>
#include <set>
#include <stdexcept>

#include <rapidcheck.h>

#include "../support.h"

using namespace yore;
using namespace yore::timeline;

namespace {

Timestamp at(std::string_view text) {
    return parse_time(text, {}).value();
}

std::vector<bool> kept(const Judgement& judgement) {
    std::vector<bool> kept;
    for (const Verdict& verdict : judgement.snapshots) kept.push_back(verdict.kept());
    return kept;
}

std::vector<SnapshotFacts> each_hour(Timestamp first, int count) {
    std::vector<SnapshotFacts> snapshots;
    for (int i = 0; i < count; ++i) snapshots.push_back({first + seconds(3600 * i)});
    return snapshots;
}

// The model.

std::string calendar(Timestamp time, const char* format) {
    const std::int64_t whole = time.ns / 1'000'000'000 - (time.ns % 1'000'000'000 < 0 ? 1 : 0);
    const auto second = static_cast<std::time_t>(whole);
    std::tm parts{};
    ::gmtime_r(&second, &parts);
    char text[64];
    std::strftime(text, sizeof text, format, &parts);
    return text;
}

struct Model {
    const std::vector<SnapshotFacts>& all;

    /// The newest of its period, and fewer than `count` other periods come after it.
    bool kept_by(std::size_t place, std::uint32_t count, const char* format) const {
        const std::string own = calendar(all[place].ended, format);
        std::set<std::string> later;
        for (std::size_t i = place + 1; i < all.size(); ++i)
            later.insert(calendar(all[i].ended, format));
        return !later.contains(own) && later.size() < count;
    }
    /// Whether `moment` means the snapshot at `place` or one after it.
    bool reaches(Timestamp moment, std::size_t place) const {
        for (std::size_t i = 0; i <= place; ++i)
            if (all[i].ended > moment) return false;
        return true;
    }
    /// Whether a moment from `from` to `to` means it: the base of the first, or one between.
    bool kept_by_span(std::size_t place, Timestamp from, Timestamp to) const {
        if (!reaches(to, place)) return false;
        return place + 1 == all.size() || !reaches(from, place + 1);
    }
    bool is_newest_good(std::size_t place) const {
        bool any_good = false;
        for (std::size_t i = 0; i < all.size(); ++i) {
            any_good = any_good || all[i].complete;
            if (i > place && all[i].complete) return false;
        }
        return any_good ? all[place].complete : place + 1 == all.size();
    }
    bool keeps(std::size_t place, const RetentionPolicy& policy, const Holds& holds,
               Timestamp now) const {
        for (const HeldSnapshot& held : holds.snapshots)
            if (held.place == place) return true;
        for (const HeldSpan& held : holds.spans)
            if (kept_by_span(place, held.from, held.to)) return true;
        if (policy.empty() || all.size() - place <= policy.last || is_newest_good(place))
            return true;
        if (kept_by(place, policy.hourly, "%F %H") || kept_by(place, policy.daily, "%F") ||
            kept_by(place, policy.weekly, "%G %V") || kept_by(place, policy.monthly, "%Y-%m") ||
            kept_by(place, policy.yearly, "%Y"))
            return true;
        if (policy.within.ns > 0 && all[place].ended.ns >= now.ns - policy.within.ns) return true;
        const Timestamp since{now.ns - policy.window.ns};
        return policy.window.ns > 0 && (place + 1 == all.size() || !reaches(since, place + 1));
    }
};

// What is drawn.

rc::Gen<std::vector<SnapshotFacts>> any_history() {
    return rc::gen::exec([] {
        std::vector<SnapshotFacts> all;
        // Around the turn of a year, or before 1970; steps of a minute to months, some back or 0.
        Timestamp time = *rc::gen::element(at("2026-12-28T22:30Z"), at("1969-12-30T03:00Z"));
        const auto count = *rc::gen::inRange(0, 40);
        for (int i = 0; i < count; ++i) {
            all.push_back({time, *rc::gen::inRange(0, 4) > 0});
            const auto unit = *rc::gen::element<std::int64_t>(0, 60, 1800, 3600, 86'400, 864'000);
            time = time + seconds(unit * *rc::gen::inRange(-1, 5));
        }
        return all;
    });
}

rc::Gen<RetentionPolicy> any_policy() {
    return rc::gen::exec([] {
        const auto few = [] { return *rc::gen::element<std::uint32_t>(0, 0, 0, 1, 2, 5); };
        const auto span = [] {
            return seconds(*rc::gen::element<std::int64_t>(0, 0, 60, 7200, 90'000, 5'000'000));
        };
        return RetentionPolicy{.last = few(),
                               .hourly = few(),
                               .daily = few(),
                               .weekly = few(),
                               .monthly = few(),
                               .yearly = few(),
                               .within = span(),
                               .window = span()};
    });
}

Timestamp any_moment(const std::vector<SnapshotFacts>& all) {
    const auto near =
        all.empty() ? Timestamp{} : all[*rc::gen::inRange<std::size_t>(0, all.size())].ended;
    return near + Duration{*rc::gen::element<std::int64_t>(0, 1, -1, 5'000'000'000'000)};
}

Holds any_holds(const std::vector<SnapshotFacts>& all) {
    Holds holds;
    const auto count = *rc::gen::inRange(0, 3);
    for (int i = 0; i < count; ++i) {
        const Timestamp one = any_moment(all), other = any_moment(all);
        holds.spans.push_back({"span", std::min(one, other), std::max(one, other)});
        holds.snapshots.push_back({"exact", *rc::gen::inRange<std::size_t>(0, 50)});
    }
    return holds;
}

}  // namespace

TEST_CASE("Verdicts agree with the rules taken by their words") {
    const bool good = rc::check([] {
        const auto all = *any_history();
        const auto policy = *any_policy();
        const Holds holds = any_holds(all);
        const Timestamp now = any_moment(all);
        const Judgement judgement = judge({all}, policy, holds, now);
        const Model model{all};
        RC_ASSERT(judgement.snapshots.size() == all.size());
        for (std::size_t place = 0; place < all.size(); ++place)
            RC_ASSERT(judgement.snapshots[place].kept() == model.keeps(place, policy, holds, now));
        RC_ASSERT(judgement.window_from.has_value() == (policy.window.ns > 0 && !all.empty()));
    });
    CHECK(good);
}

TEST_CASE("What is pruned once stays pruned, and what is kept is kept again") {
    const bool good = rc::check([] {
        const auto all = *any_history();
        const auto policy = *any_policy();
        const Timestamp now = any_moment(all);
        const Judgement first = judge({all}, policy, {}, now);
        std::vector<SnapshotFacts> left;
        for (std::size_t place = 0; place < all.size(); ++place)
            if (first.snapshots[place].kept()) left.push_back(all[place]);
        for (const Verdict& verdict : judge({left}, policy, {}, now).snapshots)
            RC_ASSERT(verdict.kept());
    });
    CHECK(good);
}

TEST_CASE("A policy without rules keeps all, also beside holds") {
    const auto all = each_hour(at("2026-11-01T00:00Z"), 5);
    const auto judgement =
        judge({all}, {}, {.spans = {{"1", all[0].ended, all[0].ended}}, .snapshots = {}}, {});
    CHECK(kept(judgement) == std::vector<bool>(5, true));
    CHECK(judgement.snapshots[4].text() == "no policy");
    CHECK(judgement.snapshots[0].text() == "no policy, hold 1");
}

TEST_CASE("Each verdict says why") {
    const auto all = each_hour(at("2026-11-20T22:00Z"), 4);  // 22:00 23:00 | 00:00 01:00
    const RetentionPolicy policy{.last = 1, .daily = 7};
    const auto judgement = judge({all}, policy, {}, at("2026-11-21T02:00Z"));
    CHECK(kept(judgement) == std::vector<bool>{false, true, false, true});
    CHECK(judgement.snapshots[0].text() == "no rule keeps it");
    CHECK(judgement.snapshots[1].text() == "daily 2 of 7");
    CHECK(judgement.snapshots[3].text() == "last 1 of 1, daily 1 of 7, the newest good one");
}

TEST_CASE("A window keeps its base, and tells how far back it reaches") {
    const auto all = each_hour(at("2026-11-21T00:00Z"), 6);
    const Timestamp now = at("2026-11-21T05:30Z");
    const auto judgement = judge({all}, {.window = seconds(2 * 3600)}, {}, now);
    CHECK(kept(judgement) == std::vector<bool>{false, false, false, true, true, true});
    CHECK(judgement.window_from == at("2026-11-21T03:30Z"));
    const auto longer = judge({all}, {.window = seconds(48 * 3600)}, {}, now);
    CHECK(kept(longer) == std::vector<bool>(6, true));
    CHECK(longer.window_from == all[0].ended);
}

TEST_CASE("The last complete snapshot is never taken by policy") {
    std::vector<SnapshotFacts> all = each_hour(at("2026-11-21T00:00Z"), 4);
    all[2].complete = all[3].complete = false;
    const RetentionPolicy policy{.within = seconds(1)};
    const Timestamp later = at("2030-01-01T00:00Z");
    CHECK(kept(judge({all}, policy, {}, later)) == std::vector<bool>{false, true, false, false});
    all[0].complete = all[1].complete = false;
    CHECK(kept(judge({all}, policy, {}, later)) == std::vector<bool>{false, false, false, true});
}

TEST_CASE("A hold of a moment keeps what the moment means, one of a span all in it") {
    const auto all = each_hour(at("2026-11-21T00:00Z"), 6);
    const RetentionPolicy policy{.last = 1};
    const auto with = [&](std::string_view from, std::string_view to) {
        return kept(judge({all}, policy, {.spans = {{"7", at(from), at(to)}}, .snapshots = {}},
                          at("2026-11-22T00:00Z")));
    };
    using Kept = std::vector<bool>;
    CHECK(with("2026-11-21T02:59Z", "2026-11-21T02:59Z") == Kept{0, 0, 1, 0, 0, 1});
    CHECK(with("2026-11-21T01:30Z", "2026-11-21T03:00Z") == Kept{0, 1, 1, 1, 0, 1});
    CHECK(with("2026-11-20T01:30Z", "2026-11-21T00:30Z") == Kept{1, 0, 0, 0, 0, 1});
    CHECK(with("2026-11-20T01:30Z", "2026-11-20T02:30Z") == Kept{0, 0, 0, 0, 0, 1});
}
