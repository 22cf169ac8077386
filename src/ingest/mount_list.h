// SPDX-License-Identifier: Apache-2.0
/// What is mounted where, as /proc/self/mountinfo tells it (proc(5)).
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace yore::ingest {

struct MountedHere {
    std::string device;  ///< `98:0`
    std::string point;   ///< absolute
    std::string type;    ///< `ext4`, `fuse.yore`
};

std::vector<MountedHere> parse_mounts(std::string_view mountinfo);
std::vector<MountedHere> read_mounts();

/// The canonical path of an open directory; it cannot be told: empty.
std::string path_of(int directory);

}  // namespace yore::ingest
