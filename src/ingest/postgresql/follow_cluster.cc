// SPDX-License-Identifier: Apache-2.0
#include <yore/ingest/postgresql_follow.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include <xxhash.h>

#include "ingest/postgresql/log_receiver.h"

namespace yore::ingest {
namespace {

using Steady = std::chrono::steady_clock;

/// One that went so long did not fail at once: the next failure is the first again.
constexpr std::chrono::minutes went_well{1};

/// By a follower that has not noticed yet that its source is removed.
constexpr std::chrono::seconds in_use_for{10};
constexpr Duration in_use_look{200'000'000};

bool may_pass(Errc code) {
    return code == Errc::io || code == Errc::corrupt || code == Errc::busy ||
           code == Errc::no_space;
}

void sleep_for(Duration duration, const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any never;
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, std::chrono::nanoseconds(duration.ns), [] { return false; });
}

bool fits_slot(char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

}  // namespace

std::string replication_slot_name(std::string_view source) {
    constexpr std::size_t bytes_max = 63, mark_bytes = 9;
    std::string name = "yore_";
    const bool fits =
        std::ranges::all_of(source, fits_slot) && name.size() + source.size() <= bytes_max;
    for (const char c : source) {
        const bool upper = c >= 'A' && c <= 'Z';
        const char lower = upper ? static_cast<char>(c - 'A' + 'a') : c;
        name += fits_slot(lower) ? lower : '_';
    }
    if (fits) return name;
    name.resize(std::min(name.size(), bytes_max - mark_bytes));
    const auto mark = static_cast<std::uint32_t>(XXH3_64bits(source.data(), source.size()));
    return name + fmt::format("_{:08x}", mark);
}

void drop_replication_slot(const catalog::Source& source, const std::stop_token& stop) {
    Connection connection(source.postgresql.conninfo, stop);
    const auto patience = Steady::now() + in_use_for;
    for (;;) {
        try {
            return drop_slot(connection, replication_slot_name(source.name));
        } catch (const Error& error) {
            if (error.code() != Errc::busy || Steady::now() > patience) throw;
        }
        connection.finish();
        sleep_for(in_use_look, stop);
    }
}

Duration reconnect_delay(unsigned failures) {
    constexpr unsigned counted_max = 6;  // it is half a minute by then
    return std::min(seconds(std::int64_t{1} << (std::min(failures, counted_max) - 1)), seconds(30));
}

Followed follow_postgresql(catalog::Catalog& catalog, const store::ObjectCache& cache,
                           const catalog::Source& source, const ClusterFollowOptions& options,
                           const Clock& clock, std::stop_token stop) {
    LogReceiver receiver({catalog, cache, source, clock}, options, stop);
    unsigned failures = 0;
    while (!stop.stop_requested()) {
        const auto began = Steady::now();
        std::optional<Error> failure;
        try {
            receiver.settle();  // of what an earlier process, or the last connection, has left
            receiver.receive();
        } catch (const Error& error) {
            failure = error;
        }
        if (stop.stop_requested()) break;
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
