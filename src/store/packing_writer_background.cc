// SPDX-License-Identifier: Apache-2.0
//
// The thread behind a Writer: finishes full packs (index, sync) while others fill the next ones,
// and commits what is finished now and then. An open pack that is large enough is cut when the
// interval is over, so that a slow backup leaves something to the next one too.
#include <yore/base/error.h>

#include <algorithm>
#include <utility>

#include "store/packing_writer.h"

namespace yore::store {

void PackingWriter::run(std::stop_token stop) {
    const auto patience = std::chrono::nanoseconds(store_.options.commit_interval.ns);
    std::unique_lock lock(background_.mutex);
    while (!stop.stop_requested()) {
        background_.changed.wait_for(lock, stop, patience, [&] {
            return !background_.full.empty() && !background_.working;
        });
        if (stop.stop_requested()) return;
        if (background_.working || background_.error) continue;
        background_.working = true;
        lock.unlock();
        try {
            work_once();
        } catch (...) {
            fail(std::current_exception());
        }
        lock.lock();
        background_.working = false;
        background_.changed.notify_all();
    }
}

void PackingWriter::work_once() {
    auto pack = next_full_pack();
    if (!pack) pack = cut_early();
    if (pack) {
        FinishedPack finished = pack->finish();
        std::scoped_lock lock(background_.mutex);
        background_.finished.push_back(std::move(finished));
    }
    if (!interim_commit_is_due()) return;
    std::vector<FinishedPack> packs;
    {
        std::scoped_lock lock(background_.mutex);
        packs = std::exchange(background_.finished, {});
    }
    commit_packs(std::move(packs), {}, {});
}

std::optional<PackBuilder> PackingWriter::next_full_pack() {
    std::scoped_lock lock(background_.mutex);
    if (background_.full.empty()) return std::nullopt;
    std::optional<PackBuilder> pack(std::move(background_.full.front()));
    background_.full.pop_front();
    background_.changed.notify_all();
    return pack;
}

/// Only tries: who appends may hold the mutex and wait for this very thread.
std::optional<PackBuilder> PackingWriter::cut_early() {
    const auto bytes_min = std::min(early_pack_bytes_min, store_.options.pack_bytes_target / 4);
    Open& target = open(Domain::chunk);
    std::unique_lock lock(target.mutex, std::try_to_lock);
    if (!lock || target.pack->bytes() < bytes_min) return std::nullopt;
    std::optional<PackBuilder> pack(std::move(*target.pack));
    start_pack(Domain::chunk);
    return pack;
}

bool PackingWriter::interim_commit_is_due() {
    std::scoped_lock lock(background_.mutex);
    const auto& finished = background_.finished;
    if (finished.empty()) return false;
    std::size_t items = 0;
    for (const FinishedPack& pack : finished) items += pack.index.items.size();
    const auto age = std::chrono::steady_clock::now() - last_commit_;
    return age >= std::chrono::nanoseconds(store_.options.commit_interval.ns) ||
           items >= uncommitted_items_max || finished.size() >= uncommitted_packs_max;
}

}  // namespace yore::store
