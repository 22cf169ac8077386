// SPDX-License-Identifier: Apache-2.0
#include "ingest/directory_snapshot.h"

#include <yore/base/error.h>

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "ingest/walk.h"

namespace yore::ingest {

Fd open_source(const std::string& path) {
    Fd fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOATIME));
    if (!fd && errno == EPERM) fd = Fd(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd) throw system_error("open", path, errno);
    return fd;
}

catalog::Snapshot take(const SnapshotRun::Order& order, DirectoryReading reading,
                       std::stop_token stop) {
    SnapshotRun run(order, std::move(stop));
    TreeRun& tree = run.tree();
    FileIntake intake({tree.outbox(), tree.cutter(), tree.xattrs(), order.cache, tree.problems(),
                       tree.counters(), tree.group_sizes(), order.clock,
                       order.source.directory.path, reading.links});
    Walk::Parts parts{tree.outbox(),       intake,          order.cache,
                      tree.problems(),     tree.counters(), order.source.directory,
                      order.options.avoid, reading.trust,   order.clock};
    parts.links = reading.links;
    parts.inode_tells = reading.inode_tells;
    Walk walk(parts);
    SnapshotRun::Work work;
    work.describe = std::move(reading.describe);
    work.send = [&] { return walk.run(std::move(reading.root), reading.before.root); };
    if (const auto& before = reading.before.snapshot) {
        work.unchanged = before->root;
        work.bytes_expected = before->counts.bytes;
    }
    return run.finish(work);
}

}  // namespace yore::ingest
