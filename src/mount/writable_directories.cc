// SPDX-License-Identifier: Apache-2.0
/// FUSE operations on open directories: a listing shows the names that were there when it began.
#include <algorithm>
#include <memory>
#include <optional>

#include "mount/attributes.h"
#include "mount/listing_page.h"
#include "mount/writable_session.h"

namespace yore::mount {
namespace {

using view::OpenDirectory;
using view::WritableView;

void opendir(fuse_req_t request, fuse_ino_t number, fuse_file_info* file) {
    answer_writable(request, number, Operation::opendir, [&](WritableView& view) {
        auto opened = view.open_directory(number);
        if (!opened) {
            reply_refusal(request, opened.why());
            return;
        }
        OpenDirectories& directories = writable_session_of(request).directories;
        file->fh = directories.add(std::move(*opened));
        if (fuse_reply_open(request, file) != 0) directories.remove(file->fh);
    });
}

void releasedir(fuse_req_t request, fuse_ino_t, fuse_file_info* file) {
    writable_session_of(request).directories.remove(file->fh);
    fuse_reply_err(request, 0);
}

/// Offsets count the names, behind those of the dots.
void fill(ListingPage& page, WritableView& view, fuse_ino_t directory, const OpenDirectory& opened,
          std::uint64_t from) {
    if (!page.add_dots(from, directory)) return;
    const std::uint64_t dots = ListingPage::dot_dot_offset;
    for (std::uint64_t i = std::max(from, dots) - dots; i < opened.names.size(); ++i) {
        const std::string& name = opened.names[i].name;
        const std::optional<struct stat> found = view.lookup(directory, name);
        if (!found) continue;  // it went meanwhile
        if (page.add(name.c_str(), entry_of(*found), dots + i + 1)) continue;
        view.forget(found->st_ino, 1);
        return;
    }
}

void readdirplus(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t from,
                 fuse_file_info* file) {
    answer_writable(request, number, Operation::readdirplus, [&](WritableView& view) {
        OpenDirectories& directories = writable_session_of(request).directories;
        if (from == 0 && directories.begins_again(file->fh)) {
            auto again = view.open_directory(number);
            if (!again) {
                reply_refusal(request, again.why());
                return;
            }
            directories.renew(file->fh, std::move(*again));
        }
        const auto opened = directories.names(file->fh);
        ListingPage page(request, size);
        fill(page, view, number, *opened, static_cast<std::uint64_t>(from));
        page.reply([&](fuse_ino_t told) { view.forget(told, 1); });
    });
}

void fsyncdir(fuse_req_t request, fuse_ino_t number, int, fuse_file_info*) {
    answer_writable(request, number, Operation::fsyncdir, [&](WritableView& view) {
        reply_refusal(request, view.sync(number, view::SyncMode::all));
    });
}

}  // namespace

void add_directory_operations(fuse_lowlevel_ops& ops) {
    ops.opendir = opendir;
    ops.releasedir = releasedir;
    ops.readdirplus = readdirplus;
    ops.fsyncdir = fsyncdir;
}

}  // namespace yore::mount
