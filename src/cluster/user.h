// SPDX-License-Identifier: Apache-2.0
/// The user that a server runs as: the owner of its data directory, as PostgreSQL demands.
#pragma once

#include <string>
#include <vector>

#include <sys/types.h>

namespace yore::cluster {

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  ///< empty: as they are
    std::string name;           ///< root's choice; empty: who runs this
};

/// The directory's owner. Who is not root can only be that one already, and no server runs as root:
/// Errc::invalid.
User owner_of(const std::string& directory);

/// Between fork and exec. Not root: nothing to do. It cannot be done: false.
bool become(const User&);

/// This thread touches files as that user does, as long as this lives: who owns a directory may
/// have put links into it. Not root: nothing changes. The path that is worked on must begin with a
/// directory that was opened before (`/proc/self/fd/N`), as the user may not reach it.
class ActAs {
  public:
    explicit ActAs(const User&);
    ActAs(const ActAs&) = delete;
    ActAs& operator=(const ActAs&) = delete;
    ~ActAs();

  private:
    const bool is_root_;
};

/// What a server may know of where it was started: nothing that is secret. As execve wants it;
/// points into what is there.
std::vector<char*> kept_environment();

}  // namespace yore::cluster
