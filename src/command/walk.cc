// SPDX-License-Identifier: Apache-2.0
#include "command/walk.h"

#include <yore/base/error.h>
#include <yore/base/path.h>

#include <algorithm>
#include <vector>

#include "command/moment.h"

namespace yore::command {

void check_stop(const std::stop_token& stop) {
    if (stop.stop_requested()) throw Error(Errc::cancelled, "interrupted");
}

void walk(const store::ObjectCache& cache, NodeId top, const std::string& prefix,
          const Visitor& visitor, std::stop_token stop) {
    struct Level {
        std::string path;
        std::optional<tree::EntryView> directory;  ///< absent: where the walk began
        NodeId node;
        tree::DirectoryCursor cursor;
    };
    std::vector<Level> levels;
    levels.push_back({prefix, std::nullopt, top, tree::DirectoryCursor(cache, top)});
    while (!levels.empty()) {
        check_stop(stop);
        const auto depth = static_cast<unsigned>(levels.size());
        const tree::EntryView* current = levels.back().cursor.current();
        if (current == nullptr) {
            const Level done = std::move(levels.back());
            levels.pop_back();
            if (done.directory) visitor.leave({done.path, *done.directory, depth - 1});
            continue;
        }
        const tree::EntryView entry = *current;
        std::string path = join_path(levels.back().path, entry.name());
        levels.back().cursor.advance();
        const bool inside = visitor.enter({path, entry, depth});
        const auto child = entry.child();
        if (!inside || !child) continue;
        if (std::ranges::find(levels, *child, &Level::node) != levels.end())
            throw tree::own_ancestor(*child, path);
        levels.push_back({std::move(path), entry, *child, tree::DirectoryCursor(cache, *child)});
    }
}

}  // namespace yore::command
