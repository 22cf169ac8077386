// SPDX-License-Identifier: Apache-2.0
/// Names of one inode: the first that comes is written, the others are linked to it.
#pragma once

#include <yore/base/guarded.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "restore/target.h"

namespace yore::restore {

struct LinkKey {
    std::uint16_t file_system = 0;
    std::uint64_t inode = 0;
    auto operator<=>(const LinkKey&) const = default;
};

/// A further name, waiting until the first is there.
struct LinkWish {
    std::shared_ptr<TargetDirectory> directory;
    tree::EntryView entry;
};

class LinkTable {
  public:
    enum class Turn {
        first,  ///< write it, then tell `written` or `failed`
        waits,  ///< kept; `written` gives it back
        ready,  ///< link it now to `path`
    };
    /// `path` is set when the answer is `ready`.
    Turn meet(const LinkKey&, const LinkWish&, std::string& path);
    /// The first name is at `path` of the target: returns those that waited.
    std::vector<LinkWish> written(const LinkKey&, const std::string& path);
    /// The first name could not be made: gives those up that waited. The next to come is the first.
    std::vector<LinkWish> failed(const LinkKey&);

  private:
    struct Group {
        std::string path;  ///< empty until it is written
        std::vector<LinkWish> waiting;
    };
    Guarded<std::map<LinkKey, Group>> groups_;
};

}  // namespace yore::restore
