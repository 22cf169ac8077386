// SPDX-License-Identifier: Apache-2.0
/// What a change takes from a file: its set-id bits, and what its program may do beyond its user.
///
/// A server that says so in its answer to INIT takes these away itself (FUSE_HANDLE_KILLPRIV_V2 in
/// linux/fuse.h, since 5.12); else the kernel asks before each write for `security.capability`,
/// which costs as much as a small write. libfuse 3.14 does not know the flag: it is put into the
/// answer, and what requests say of it is read, on their way between the kernel and libfuse.
#pragma once

#include "mount/fuse.h"

namespace yore::mount {

/// Of a session that is mounted and not served yet. An older kernel: it goes on doing it itself.
void handle_killed_privileges(fuse_session*);

/// The request that this thread answers takes away the set-id bits of the file that it changes:
/// its caller has no CAP_FSETID.
bool kills_set_ids();

}  // namespace yore::mount
