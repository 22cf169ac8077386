// SPDX-License-Identifier: Apache-2.0
/// Timeline history files: through which timelines the log leads to one.
///
/// `NNNNNNNN.history` of timeline N has a line for each of its ancestors, the oldest first: the
/// ancestor, where the log left it, and why (src/backend/access/transam/timeline.c in PostgreSQL).
#pragma once

#include <yore/base/bytes.h>
#include <yore/postgresql/lsn.h>

#include <string>
#include <string_view>
#include <vector>

namespace yore::postgresql {

/// The log of a timeline goes on from its parent's: this is the end of the parent's part.
struct TimelineSwitch {
    Timeline parent;
    Lsn at;  ///< the first byte that is no more of the parent
    std::string reason;
    bool operator==(const TimelineSwitch&) const = default;
};

/// The switches on the way to `timeline`, the oldest first. Timelines ascend, and switches do not
/// go back; anything else, as well as a line that is none, is `corrupt` and names `file`. Empty
/// lines and comments (`#`) are passed over, as PostgreSQL does.
std::vector<TimelineSwitch> parse_timeline_history(ByteView bytes, Timeline timeline,
                                                   std::string_view file);

}  // namespace yore::postgresql
