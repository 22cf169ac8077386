// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/path.h>
#include <yore/ingest/copy_import.h>

#include "ingest/directory_snapshot.h"

namespace yore::ingest {
namespace {

bool same_file_system(const Fd& a, const Fd& b) {
    FileStatus of_a, of_b;
    return status_of(a.get(), of_a) == 0 && status_of(b.get(), of_b) == 0 &&
           of_a.device == of_b.device;
}

}  // namespace

CopyImport::CopyImport(const Parts& parts) : parts_(parts) {}

catalog::Snapshot CopyImport::take(const std::string& path, Timestamp time,
                                   const SnapshotOptions& options, std::stop_token stop) {
    const Timestamp started = parts_.clock.now();
    catalog::Source copy = parts_.source;
    copy.directory.path = path;
    SnapshotOptions tagged = options;
    tagged.tags.insert_or_assign(imported_tag, to_rfc3339(started));

    DirectoryReading reading{open_source(path), find_before(parts_.catalog, parts_.cache, copy)};
    const LinkCounts links(reading.root.get(), stop);
    reading.links = &links;
    if (const auto& before = reading.before.snapshot) {
        // The record has the copy's time, not when it was read.
        if (last_ && last_->id == before->id) reading.trust = {last_->started, last_->ended};
        reading.inode_tells = before->tags.contains(imported_tag) &&
                              is_below(before->path, parts_.directory) &&
                              same_file_system(reading.root, open_source(parts_.directory));
    }
    const SnapshotRun::Order order{parts_.catalog, parts_.cache, copy, tagged, parts_.clock, time};
    auto snapshot = ingest::take(order, std::move(reading), std::move(stop));
    last_ = {snapshot.id, started, parts_.clock.now()};
    return snapshot;
}

}  // namespace yore::ingest
