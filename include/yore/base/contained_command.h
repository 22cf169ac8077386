// SPDX-License-Identifier: Apache-2.0
/// A command of somebody's own, run where it can do little harm: with a time limit, an environment
/// without secrets, nothing to read from, and in namespaces of its own as far as the kernel allows,
/// so that all that it starts ends with it.
#pragma once

#include <yore/base/time.h>

#include <cstddef>
#include <cstdint>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

namespace yore {

struct ContainedCommand {
    std::string shell_text;  ///< what `/bin/sh -c` is given
    std::string directory;   ///< in which it runs; absolute
    std::string user;        ///< empty: who runs this; another: only root may
    Duration time_limit;
    std::vector<std::pair<std::string, std::string>> variables;  ///< besides PATH and the locale
};

struct CommandEnd {
    enum class How : std::uint8_t { exited, timed_out } how = How::exited;
    int status = 0;      ///< as a shell has it: above 128, a signal ended it
    std::string output;  ///< the last of what it wrote, standard output and errors alike
    bool cut = false;    ///< it wrote more
};
constexpr std::size_t command_output_bytes_max = 16u << 10;

/// There is no such user, or who runs this may not be that one: Errc::invalid.
void check_command_user(const std::string& user);

/// Returns when it has ended, and with it all that it started (without namespaces: all of its
/// session). It cannot be started: throws. Stopped: ends it, then Errc::cancelled.
CommandEnd run_contained(const ContainedCommand&, const std::stop_token&);

}  // namespace yore
