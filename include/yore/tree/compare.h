// SPDX-License-Identifier: Apache-2.0
/// What differs between two trees. Equal node ids are equal trees: the cost follows the change.
#pragma once

#include <yore/tree/directory.h>

#include <functional>
#include <string>

namespace yore::tree {

struct EntryChange {
    bool content = false;     ///< as Difference::content
    bool attributes = false;  ///< as Difference::attributes
};
/// Of two entries at one path, at two times.
EntryChange change_between(const EntryView& before, const EntryView& after);

struct Difference {
    enum class Kind { added, removed, changed } kind;
    std::string path;  ///< from the roots, no leading slash
    std::optional<EntryView> before, after;
    /// Changed: the extents (equal extents are equal bytes; the same bytes may lie in other
    /// extents), the symlink's target, the device, or the kind.
    bool content = false;
    /// Changed: mode, owner, time of modification, xattrs, links; not inode nor change time.
    bool attributes = false;
};
/// In path order, depth first; an added or removed directory is followed by all that is in it.
/// `visit` returns false to stop.
void compare(const store::ObjectCache&, NodeId before, NodeId after,
             const std::function<bool(const Difference&)>& visit);

}  // namespace yore::tree
