// SPDX-License-Identifier: Apache-2.0
/// Brings the mounts of a repository to what a configuration says, and tries again what failed.
///
/// A mount that was made and then ended by somebody (`yore umount`) stays so until the next
/// want(): who ends it has a reason.
#pragma once

#include <yore/command/context.h>
#include <yore/server/config.h>

#include <chrono>
#include <list>
#include <optional>
#include <string>
#include <vector>

namespace yore::server {

/// One thread.
class WantedMounts {
  public:
    using Time = std::chrono::steady_clock::time_point;
    explicit WantedMounts(command::Context& context) : context_(context) {}

    /// From now on these. Mounts that others asked for are left alone.
    void want(const std::vector<MountConfig>&);
    /// Tries what is due: takes away what is not wanted any more, then makes what is missing. When
    /// it is to be called again; nothing is left to do: nullopt.
    std::optional<Time> step(Time now);

  private:
    enum class State {
        missing,
        there,
        unwanted,  ///< there, and to be taken away
        done,
    };
    struct Entry {
        MountConfig wanted;
        std::string directory;  ///< without links: as the kernel names it
        State state = State::missing;
        Time due = {};
        std::chrono::milliseconds wait = {};
        std::string failure;  ///< the last one that was logged
    };
    void try_entry(Entry&, Time now);
    State make(Entry&);
    State take_away(Entry&);
    bool is_there(const std::string& directory) const;
    /// The same directory is still to be freed.
    bool blocked(const Entry&) const;

    command::Context& context_;
    std::list<Entry> entries_;
};

}  // namespace yore::server
