// SPDX-License-Identifier: Apache-2.0
/// What the FUSE operations work on.
#pragma once

#include <yore/mount/mount.h>
#include <yore/store/object_cache.h>
#include <yore/view/view.h>

#include <string>

#include "mount/decoders.h"
#include "mount/fuse.h"
#include "mount/inode_table.h"
#include "mount/listing.h"
#include "mount/notifier.h"
#include "mount/reader.h"

namespace yore::mount {

struct Session {
    Session(const view::View& shown, const store::ObjectCache& decoded, const MountOptions& wanted);

    const view::View& view;
    const store::ObjectCache& cache;
    MountOptions options;
    InodeTable inodes;
    ListingPositions positions;
    OpenFiles files;
    Decoders decoders;
    Notifier notifier;

    /// For log lines: the path of a node below the mountpoint, as far as it is known.
    std::string path_of(NodeNumber) const;
    /// Asks the kernel to let go of cold inodes when there are more than the budget.
    void shed();

  private:
    std::atomic<std::uint64_t> shed_at_{0};
};

/// The table of operations, for fuse_session_new with a Session as user data.
const fuse_lowlevel_ops& operations();

}  // namespace yore::mount
