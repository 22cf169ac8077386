// SPDX-License-Identifier: Apache-2.0
/// Directory listings with attributes.
#pragma once

#include <cstddef>

#include "mount/fuse.h"

namespace yore::mount {

/// FUSE_READDIRPLUS. What it shows has been looked up: the kernel asks for nothing else.
void readdirplus(fuse_req_t, fuse_ino_t, std::size_t size, off_t from, fuse_file_info*);

}  // namespace yore::mount
