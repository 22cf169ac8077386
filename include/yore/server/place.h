// SPDX-License-Identifier: Apache-2.0
/// Where the owner of a repository serves: a directory for each repository, for this user alone.
///
/// $YORE_RUNTIME_DIR/ID when that is set; for root /run/yore/ID; for others
/// $XDG_RUNTIME_DIR/yore/ID, without it /run/user/UID/yore/ID or /tmp/yore-UID/ID.
#pragma once

#include <yore/format/ids.h>

#include <string>
#include <vector>

namespace yore::server {

struct Place {
    std::string directory;
    std::string socket() const { return directory + "/socket"; }
    std::string log() const { return directory + "/log"; }
};

Place place_of(const RepositoryId&);
/// Those that have a socket now, whether or not somebody answers there.
std::vector<Place> places_in_use();
/// Whether there is such a directory. It belongs to somebody else, or others may enter: `denied`,
/// since what answers there could be anybody.
bool is_there(const Place&);
/// Makes the directory with mode 0700. It belongs to somebody else, or others may enter: `denied`.
void make_place(const Place&);

}  // namespace yore::server
