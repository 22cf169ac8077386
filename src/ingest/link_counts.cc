// SPDX-License-Identifier: Apache-2.0
#include "ingest/link_counts.h"

#include <yore/base/error.h>
#include <yore/base/path.h>

#include <algorithm>

#include "ingest/listing.h"

namespace yore::ingest {

LinkCounts::LinkCounts(int root, const std::stop_token& stop) {
    FileStatus status;
    if (status_of(root, status) != 0) return;
    device_ = status.device;
    Inodes met;
    std::vector<std::string> pending{""};
    while (!pending.empty()) {
        if (stop.stop_requested()) throw Error(Errc::cancelled, "the import was stopped");
        const std::string path = std::move(pending.back());
        pending.pop_back();
        if (const Fd directory = open_below(root, path)) visit(directory, path, met, pending);
        if (met.size() > names_max) return;
    }
    count(met);
}

void LinkCounts::visit(const Fd& directory, const std::string& path, Inodes& met,
                       std::vector<std::string>& pending) {
    Buffer buffer(64u << 10);
    Listing listing;
    listing.read(directory.get(), buffer.span());
    for (std::size_t i = 0; i < listing.size(); ++i) {
        const std::string_view name = listing.name(i);
        FileStatus status;
        if (status_at(directory.get(), name.data(), status, Freshness::cached) != 0 ||
            status.device != device_)
            continue;
        if (status.attributes.kind == tree::FileKind::directory)
            pending.push_back(join_path(path, name));
        else if (status.attributes.link_count > 1)
            met.push_back(status.attributes.inode);
    }
}

void LinkCounts::count(Inodes& met) {
    std::ranges::sort(met);
    for (auto from = met.begin(); from != met.end();) {
        const auto to = std::find_if(from, met.end(), [&](auto inode) { return inode != *from; });
        if (to - from > 1) several_.emplace(*from, static_cast<std::uint32_t>(to - from));
        from = to;
    }
    counted_ = true;
}

void LinkCounts::correct(FileStatus& status) const {
    if (!counted_ || status.device != device_ ||
        status.attributes.kind == tree::FileKind::directory || status.attributes.link_count < 2)
        return;
    const auto found = several_.find(status.attributes.inode);
    status.attributes.link_count = found == several_.end() ? 1 : found->second;
}

}  // namespace yore::ingest
