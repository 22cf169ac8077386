// SPDX-License-Identifier: Apache-2.0
/// The records of jobs: runs of long commands, with what became of them.
#pragma once

#include <yore/base/time.h>
#include <yore/store/store.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace yore::catalog {

enum class JobState : std::uint8_t {
    running = 1,
    paused = 2,  ///< never stored: it ends with its process
    done = 3,
    failed = 4,
    cancelled = 5,
    interrupted = 6,  ///< the process that ran it ended before it did
};
constexpr bool has_ended(JobState state) {
    return state != JobState::running && state != JobState::paused;
}

struct Job {
    std::uint64_t number = 0;  ///< from 1, in the order in which they began
    std::string command;       ///< of module command: `snapshot`
    std::string source;        ///< its name; empty: of none
    JobState state = JobState::running;
    Timestamp started;
    std::optional<Timestamp> ended = {};  ///< absent: not yet, or nobody knows
    bool scheduled = false;
    std::string progress = {};  ///< the last that was told of, as JSON; empty: none
    std::string answer = {};    ///< the command's result or error, as JSON; empty: none yet
    bool operator==(const Job&) const = default;
};

/// Each of `progress` and `answer`.
constexpr std::size_t job_text_bytes_max = 64u << 10;

/// All that are stored, by number. One that is damaged is left out, and the log says so: history
/// must not stand in the way of backups.
std::vector<Job> load_jobs(const store::Store&);
store::RecordChange put(const Job&);
store::RecordChange remove_job(std::uint64_t number);

}  // namespace yore::catalog
