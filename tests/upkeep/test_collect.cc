// SPDX-License-Identifier: Apache-2.0
//
// Random backups, prunes, collects, readers and deaths against a map of what must be readable. What
// runs beside a collect runs where it hurts: behind each of its commits, and before each step.
#include <rapidcheck.h>

#include "backup_world.h"

using namespace yore;
using namespace yore::upkeep;
using namespace yore::upkeep::test;

namespace {

/// One thing that a user may do at any time.
void do_something(World& world) {
    switch (world.random().below(8)) {
        case 0:
            return world.prune_one();
        case 1:
            return world.open_tree();
        case 2:
            return world.close_trees();
        case 3:
            if (world.is_running()) return world.abandon();
            return world.begin();
        default:
            if (!world.is_running()) return world.begin();
            if (!world.is_written()) return world.write();
            return world.commit();
    }
}

/// A collect with others beside it. A backup that it waits for comes to its end.
CollectResult collect_in_company(World& world) {
    bool inside = false;
    const auto others = [&] {
        if (inside) return;
        inside = true;
        for (auto count = world.random().below(3); count > 0; --count) do_something(world);
        inside = false;
    };
    const auto token = world.store().on_commit([&](CommitNumber) { others(); });
    CollectOptions options{.live_part_min = world.random().below(2) == 0 ? 0.75 : 1.0,
                           .step_bytes = world.random().below(2) == 0 ? 1u : 1u << 20};
    options.in_use = [&] {
        others();
        return world.in_use();
    };
    options.progress = [&](const CollectProgress& progress) {
        if (progress.phase != "waiting" || !world.is_running()) return;
        inside = true;
        if (!world.is_written()) world.write();
        world.commit();
        inside = false;
    };
    return world.collect(options);
}

void step(World& world) {
    switch (world.random().below(12)) {
        case 0:
            return world.reopen();
        case 1:
        case 2:
            collect_in_company(world);
            return;
        case 3:
            world.die_after(static_cast<int>(world.random().below(8)),
                            world.random().below(2) == 0);
            try {
                for (int i = 0; i < 6; ++i) do_something(world);
                world.abandon();
                world.collect({.live_part_min = 1.0});
            } catch (const Died&) {
            }
            return world.reopen();
        default:
            return do_something(world);
    }
}

}  // namespace

TEST_CASE("What must be readable is, whatever is pruned and collected and dies beside it") {
    const bool good = rc::check([](std::uint64_t seed) {
        World world(seed);
        for (int i = 0; i < 40; ++i) {
            step(world);
            world.check();
        }
        world.abandon();
        world.collect({.live_part_min = 1.0});
        world.check();
        world.close_trees();
        world.prune_all();
        world.collect();
        world.check();
        RC_ASSERT(world.stored_packs() == 0);
    });
    CHECK(good);
}

TEST_CASE("A dry run says what a collect does, and does nothing") {
    World world(3);
    for (int i = 0; i < 12; ++i) {
        world.begin();
        world.write();
        world.commit();
        if (i % 3 != 0) world.prune_one();
    }
    const auto packs = world.stored_packs();
    const CollectResult said = world.collect({.dry_run = true});
    CHECK(world.stored_packs() == packs);
    const CollectResult done = world.collect();
    CHECK(said.live_bytes == done.live_bytes);
    CHECK(said.packs_dropped == done.packs_dropped);
    CHECK(said.bytes_dropped == done.bytes_dropped);
    CHECK(said.bytes_copied == done.bytes_copied);
    CHECK(done.packs_dropped > 0);
    const CollectResult again = world.collect({.dry_run = true});
    CHECK(again.stored_bytes == said.stored_bytes - said.bytes_dropped + said.bytes_copied);
    CHECK(again.live_bytes == said.live_bytes);
    CHECK(again.packs_dropped == 0);
}

TEST_CASE("A stopped collect is gone on with") {
    World world(4);
    for (int i = 0; i < 4; ++i) {
        world.begin();
        world.write();
        world.commit();
    }
    world.prune_one();
    world.prune_one();
    world.begin();  // who is waited for
    std::stop_source stop;
    const store::ObjectCache cache(world.store(), 1u << 20);
    CollectOptions options{.live_part_min = 1.0};
    options.progress = [&](const CollectProgress& progress) {
        if (progress.phase == "waiting") stop.request_stop();
    };
    CHECK(yore::test::code_thrown_by([&] {
              collect(world.store(), cache, options, stop.get_token());
          }) == Errc::cancelled);
    world.check();
    world.write();
    world.commit();
    CHECK(world.collect().packs_dropped > 0);
    world.check();
}
