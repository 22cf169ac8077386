// SPDX-License-Identifier: Apache-2.0
/// The power goes at each write, sync and change of a directory in turn, until a script gets
/// through. What was acknowledged is there each time, nothing is half there, and work goes on.
#include <yore/base/random.h>
#include <yore/store/rocks_backend.h>

#include <array>
#include <map>
#include <set>

#include <catch2/catch.hpp>

#include "../support.h"
#include "backend_script.h"
#include "machine.h"

using namespace yore;
using namespace yore::store;
using namespace yore::test;

namespace {

using Judge = VolatileDisk::Judge;
Judge power_off_at(std::uint64_t number) {
    return [number](const Step& step) {
        return step.number == number ? Outcome::power_off : Outcome::happens;
    };
}

bool ends_with(const std::string& text, std::string_view end) {
    return text.size() >= end.size() && text.ends_with(end);
}

/// Files that nothing refers to any more: none may stay.
std::string leftovers(VolatileDisk& disk, const Backend& backend) {
    std::uint64_t bytes = 0;
    for (const std::string& path : disk.files()) {
        if (path.starts_with("/r/packs/")) return path + " is left";
        if (ends_with(path, ".sst") || ends_with(path, ".log")) bytes += disk.content(path).size();
    }
    if (bytes == backend.stored_bytes()) return {};
    return fmt::format("files take {} bytes, the database {}", bytes, backend.stored_bytes());
}

enum class Then { stop, work_on };

/// Opens what was found and compares; may then work on, and open again. The first complaint.
std::string complaint_about(const DiskPointer& found, Expectation expected,
                            Then then = Then::work_on) {
    Machine machine(found);
    try {
        {
            const auto backend = machine.open();
            std::string text = expected.compare(*backend);
            if (text.empty()) text = leftovers(*found, *backend);
            if (!text.empty() || then == Then::stop) return text;
        }
        ScriptRunner next([&] { return machine.open(); }, std::move(expected));
        next.run({{Action::Kind::commit, {{Domain::chunk, Form::file, {100, 200}}}, 11},
                  {Action::Kind::tail, {}, 20},
                  {Action::Kind::reopen},
                  {Action::Kind::commit, {{Domain::node, Form::in_commit, {5}}}, 12},
                  {Action::Kind::reopen}});
        return next.expectation().compare(*next.backend());
    } catch (const Error& error) {
        return error.full_text();
    }
}

/// Sanitizers take ten times as long: with them every seventh step is met, others in each run.
#ifdef YORE_SANITIZED
constexpr std::uint64_t stride = 7;
#else
constexpr std::uint64_t stride = 1;
#endif
std::uint64_t first_step() {
    return 1 + test_seed() % stride;
}

struct Cut {
    std::vector<DiskPointer> found;  ///< only what was synced, that and a part, everything
    Expectation expected;
    bool got_through = false;
};

/// Runs the script on a copy of the disk until the judge ends it.
Cut cut(const VolatileDisk& pristine, const Script& script, Judge judge, std::uint64_t seed) {
    const DiskPointer disk = pristine.copy();
    Machine machine(disk);
    ScriptRunner runner([&] { return machine.open(); });
    disk->set_judge(std::move(judge));
    Cut result;
    try {
        runner.run(script);
        result.got_through = true;
    } catch (const Error&) {
    }
    // Before anything is closed: this is what the cut left.
    result.found = {disk->after_power_loss({}), disk->after_power_loss(seed), disk->copy()};
    result.expected = runner.expectation();
    return result;
}

/// With the judge's other opinions, cuts the power at each step until one cut is not survived.
bool some_cut_loses_something(const Judge& opinion, std::uint64_t each = 1) {
    const DiskPointer pristine = disk_with_repository();
    for (std::uint64_t n = 1;; n += each) {
        const auto judge = [&](const Step& step) {
            return step.number >= n ? Outcome::power_off : opinion(step);
        };
        Cut result = cut(*pristine, typical_script(), judge, n);
        if (!complaint_about(result.found[0], result.expected, Then::stop).empty()) return true;
        if (result.got_through) return false;
    }
}

Judge ignoring_syncs_of(std::string_view suffix) {
    return [suffix](const Step& step) {
        const bool ignored = step.kind == StepKind::sync && ends_with(step.path, suffix);
        return ignored ? Outcome::is_ignored : Outcome::happens;
    };
}

}  // namespace

TEST_CASE("No power cut at any step loses what was acknowledged") {
    CAPTURE(test_seed());
    const DiskPointer pristine = disk_with_repository();
    std::uint64_t n = first_step(), commits_max = 0;
    for (;; n += stride) {
        CAPTURE(n);
        Cut result = cut(*pristine, typical_script(), power_off_at(n), test_seed() + n);
        commits_max =
            std::max<std::uint64_t>(commits_max, result.expected.acknowledged.commits.size());
        const std::array<const char*, 3> kinds{"synced only", "a part", "everything"};
        for (std::size_t kind = 0; kind < result.found.size(); ++kind) {
            CAPTURE(kinds[kind]);
            const Then then = (n + kind) % 4 == 0 ? Then::work_on : Then::stop;
            REQUIRE(complaint_about(result.found[kind], result.expected, then) == "");
        }
        if (result.got_through) break;
    }
    CHECK(n > 100);
    CHECK(commits_max == 6);
}

TEST_CASE("A disk that ignores syncs is found out") {
    CHECK(some_cut_loses_something(ignoring_syncs_of("")));
    CHECK(some_cut_loses_something(ignoring_syncs_of(".log")));
    CHECK(some_cut_loses_something(ignoring_syncs_of(".sst")));
    CHECK(some_cut_loses_something([](const Step& step) {
        return step.kind == StepKind::sync_directory ? Outcome::is_ignored : Outcome::happens;
    }));
    CHECK_FALSE(some_cut_loses_something([](const Step&) { return Outcome::happens; }, stride));
}

TEST_CASE("A creation that was cut short is no repository, or an empty one") {
    for (std::uint64_t n = 1;; ++n) {
        CAPTURE(n);
        const auto disk = std::make_shared<VolatileDisk>();
        disk->set_judge(power_off_at(n));
        const auto created = code_thrown_by([&] { Machine(disk).create(); });
        for (const DiskPointer& found :
             {disk->after_power_loss({}), disk->after_power_loss(n), disk->copy()}) {
            Machine machine(found);
            std::unique_ptr<Backend> backend;
            const auto opened = code_thrown_by([&] { backend = machine.open(); });
            if (opened) {
                CHECK(created.has_value());
                CHECK(*opened == Errc::corrupt);
            } else {
                CHECK(backend->last_commit() == CommitNumber{0});
            }
        }
        if (!created) break;
    }
}

TEST_CASE("A step that fails stops writing, not reading") {
    CAPTURE(test_seed());
    const Outcome outcome = GENERATE(Outcome::fails, Outcome::disk_full);
    const DiskPointer pristine = disk_with_repository();
    bool got_through = false;
    for (std::uint64_t n = first_step(); !got_through; n += stride) {
        CAPTURE(n);
        const DiskPointer disk = pristine->copy();
        Machine machine(disk);
        ScriptRunner runner([&] { return machine.open(); });
        std::uint64_t failed = 0;
        disk->set_judge([&](const Step& step) {
            if (step.number == n) failed = step.number;
            return step.number == n ? outcome : Outcome::happens;
        });
        const auto code = code_thrown_by([&] { runner.run(typical_script()); });
        got_through = failed == 0;
        if (code) CHECK((*code == Errc::io || *code == Errc::no_space || *code == Errc::read_only));
        if (runner.backend() != nullptr) {
            const bool failed_before = failed != 0;
            CHECK(runner.expectation().lost(*runner.backend()) == "");
            const Expectation before = runner.expectation();
            const auto again = code_thrown_by([&] { runner.run({{Action::Kind::commit, {}, 9}}); });
            // What is refused leaves nothing; what fails at step n may be there or not.
            if (again && failed_before) runner.expectation() = before;
            CHECK((!again || *again == Errc::read_only || !failed_before));
        }
        disk->set_judge({});
        runner.close();
        const Then then = n % 4 == 0 ? Then::work_on : Then::stop;
        CHECK(complaint_about(disk->copy(), runner.expectation(), then) == "");
    }
}
