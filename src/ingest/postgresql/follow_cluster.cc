// SPDX-License-Identifier: Apache-2.0
#include <yore/ingest/postgresql_follow.h>

#include <algorithm>
#include <chrono>

#include "ingest/postgresql/log_receiver.h"
#include "ingest/postgresql/new_tablespace.h"
#include "ingest/postgresql/slot_watch.h"
#include "ingest/sleep.h"

namespace yore::ingest {
namespace {

using Steady = std::chrono::steady_clock;

/// One that went so long did not fail at once: the next failure is the first again.
constexpr std::chrono::minutes went_well{1};

bool may_pass(Errc code) {
    return code == Errc::io || code == Errc::corrupt || code == Errc::busy ||
           code == Errc::no_space;
}

}  // namespace

Duration reconnect_delay(unsigned failures) {
    constexpr unsigned counted_max = 6;  // it is half a minute by then
    return std::min(seconds(std::int64_t{1} << (std::min(failures, counted_max) - 1)), seconds(30));
}

Followed follow_postgresql(catalog::Catalog& catalog, const store::ObjectCache& cache,
                           const catalog::Source& source, const ClusterFollowOptions& options,
                           const Clock& clock, std::stop_token stop) {
    SlotWatch watch(catalog, source, options, stop);
    LogReceiver receiver({catalog, cache, source, clock}, options, watch, stop);
    unsigned failures = 0;
    bool looked = false;
    while (!stop.stop_requested()) {
        const auto began = Steady::now();
        std::optional<Error> failure;
        try {
            receiver.settle();  // of what an earlier process, or the last connection, has left
            if (!std::exchange(looked, true) && options.tablespace_created &&
                has_new_tablespace(catalog, source))
                options.tablespace_created();
            receiver.receive();
        } catch (const Error& error) {
            failure = error;
        }
        if (stop.stop_requested()) break;
        if (!failure) continue;
        if (!may_pass(failure->code())) {
            receiver.settle();
            throw *failure;
        }
        if (Steady::now() - began > went_well) failures = 0;
        const Duration delay = reconnect_delay(++failures);
        if (options.interrupted) options.interrupted(*failure, delay);
        sleep_for(delay, stop);
    }
    receiver.settle();
    return receiver.done();
}

}  // namespace yore::ingest
