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
/// What is mounted exactly at `directory` (the topmost), by /proc/self/mountinfo. The path has no
/// links in it.
std::optional<MountedAt> mounted_at(const std::string& directory);

/// Checks that a repository may be mounted at `directory` and returns its path without links.
/// Throws with a hint when it may not. A dead mount of ours that is in the way is detached.
std::string prepare_mountpoint(const std::string& directory, const std::string& repository);

enum class Detach {
    when_idle,
    now,  ///< who uses it gets errors
};
/// Not mounted any more: true. Busy (only `when_idle`): false.
bool unmount_directory(const std::string& directory, Detach);
/// Ends the connection to the kernel of a mount that is in use still. Without the right, or without
/// /sys/fs/fuse/connections: nothing.
void abort_connection(const std::string& device);

/// Lets the kernel read further ahead than its 128 KiB; needs root, and is only an improvement.
void raise_read_ahead(const std::string& device, unsigned kilobytes);

}  // namespace yore::mount
