// SPDX-License-Identifier: Apache-2.0
#include "mount/listing_page.h"

#include <sys/stat.h>

namespace yore::mount {

bool ListingPage::add_dots(std::uint64_t from, ino_t directory) {
    fuse_entry_param dot{};
    dot.attr.st_mode = S_IFDIR;
    dot.attr.st_ino = directory;
    if (from < dot_offset && !add(".", dot, dot_offset)) return false;
    return from >= dot_dot_offset || add("..", dot, dot_dot_offset);
}

bool ListingPage::add(const char* name, const fuse_entry_param& entry, std::uint64_t offset) {
    const std::size_t left = bytes_.size() - used_;
    const std::size_t taken =
        fuse_add_direntry_plus(request_, reinterpret_cast<char*>(bytes_.data()) + used_, left, name,
                               &entry, static_cast<off_t>(offset));
    if (taken > left) return false;
    used_ += taken;
    if (entry.ino != 0) looked_up_.push_back(entry.ino);
    return true;
}

}  // namespace yore::mount
