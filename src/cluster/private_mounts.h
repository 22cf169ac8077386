// SPDX-License-Identifier: Apache-2.0
/// What a server sees of the file system otherwise than everybody else.
#pragma once

#include <string>
#include <vector>

namespace yore::cluster {

struct PrivateMounts {
    struct Bound {
        std::string directory, at;
    };
    /// A directory in whose place there is an empty one, which every user may enter. Empty: none.
    std::string hidden;
    std::vector<std::string> made;  ///< below `hidden`, parents first
    std::vector<Bound> bound;       ///< seen at both; `at` is there, or in `made`

    bool is_empty() const { return hidden.empty() && bound.empty(); }
    /// Adds a directory below `hidden`, seen where it is.
    void keep(const std::string& directory);
};

/// Between fork and exec, as root: gives this process mounts of its own (mount_namespaces(7)),
/// where what is unmounted outside goes too. It cannot be done: the path that stood in the way, and
/// errno; done: nullptr.
const char* enter(const PrivateMounts&);

}  // namespace yore::cluster
