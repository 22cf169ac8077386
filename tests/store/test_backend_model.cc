// SPDX-License-Identifier: Apache-2.0
/// Random scripts on each backend and on maps must agree.
#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include "../support.h"
#include "backend_script.h"
#include "machine.h"
#include "store_fixture.h"

namespace rc {

template <>
struct Arbitrary<yore::test::PackPlan> {
    static Gen<yore::test::PackPlan> arbitrary() {
        using yore::test::PackPlan;
        const auto bytes = gen::oneOf(gen::inRange<std::uint32_t>(0, 50),
                                      gen::inRange<std::uint32_t>(3'000, 20'000));
        return gen::build<PackPlan>(
            gen::set(&PackPlan::domain, gen::element(yore::Domain::chunk, yore::Domain::node)),
            gen::set(&PackPlan::form,
                     gen::element(yore::test::Form::file, yore::test::Form::in_commit)),
            gen::set(&PackPlan::item_bytes,
                     gen::nonEmpty(gen::container<std::vector<std::uint32_t>>(bytes))));
    }
};

template <>
struct Arbitrary<yore::test::Action> {
    static Gen<yore::test::Action> arbitrary() {
        using yore::test::Action;
        return gen::build<Action>(gen::set(&Action::kind, gen::weightedElement<Action::Kind>(
                                                              {{6, Action::Kind::commit},
                                                               {2, Action::Kind::drop},
                                                               {1, Action::Kind::abandon},
                                                               {4, Action::Kind::tail},
                                                               {1, Action::Kind::reopen}})),
                                  gen::set(&Action::packs), gen::set(&Action::pick));
    }
};

}  // namespace rc

using namespace yore;
using namespace yore::store;
using namespace yore::test;

namespace {

/// Each action reads all there is: longer ones take minutes.
rc::Gen<Script> short_scripts() {
    return rc::gen::scale(0.2, rc::gen::arbitrary<Script>());
}

/// After each action, and once more after opening it again.
void run_and_compare(ScriptRunner& runner, const Script& script) {
    const auto agree = [&] {
        const std::string text = runner.expectation().compare(*runner.backend());
        if (!text.empty()) throw std::logic_error(text);
    };
    for (const Action& action : script) {
        runner.run({action});
        agree();
    }
    runner.run({{Action::Kind::reopen}});
    agree();
}

}  // namespace

TEST_CASE("A backend in memory agrees with a map") {
    CHECK(rc::check([] {
        const Script script = *short_scripts();
        std::shared_ptr<Backend> shared = make_memory_backend();
        ScriptRunner runner([&] { return std::make_unique<SharedBackend>(shared); });
        run_and_compare(runner, script);
    }));
}

TEST_CASE("A backend in RocksDB agrees with a map") {
    const DiskPointer pristine = disk_with_repository();
    CHECK(rc::check([&] {
        const Script script = *short_scripts();
        Machine machine(pristine->copy());
        ScriptRunner runner([&] { return machine.open(); });
        run_and_compare(runner, script);
    }));
}
