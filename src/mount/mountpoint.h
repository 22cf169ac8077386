// SPDX-License-Identifier: Apache-2.0
/// Mountpoints: what is mounted where, and whether we may mount there.
#pragma once

#include <optional>
#include <string>

namespace yore::mount {

struct MountedAt {
    std::string device;  ///< `0:57`
    std::string type;    ///< `fuse.yore`
};
/// What is mounted exactly at `directory` (the topmost), by /proc/self/mountinfo.
std::optional<MountedAt> mounted_at(const std::string& directory);

/// Throws with a hint unless a repository at `repository` may be mounted at `directory`. A dead
/// mount of ours that is in the way is detached.
void prepare_mountpoint(const std::string& directory, const std::string& repository);

enum class Detach { when_idle, now };
/// Not mounted any more: true. Busy (only `when_idle`): false.
bool unmount_directory(const std::string& directory, Detach);

/// Lets the kernel read further ahead than its 128 KiB; needs root, and is only an improvement.
void raise_read_ahead(const std::string& directory, unsigned kilobytes);

}  // namespace yore::mount
