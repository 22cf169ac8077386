// SPDX-License-Identifier: Apache-2.0
#include "command/sent_backup.h"

#include <ranges>

namespace yore::command {

std::optional<catalog::Snapshot> newest_sent_backup(const catalog::Catalog& catalog,
                                                    std::uint32_t source) {
    const auto names = catalog.snapshot_names(source);
    for (const auto& name : names | std::views::reverse) {
        auto snapshot = catalog.snapshot(source, name);
        if (snapshot && snapshot->base_backup && !snapshot->base_backup->rolled_from)
            return snapshot;
    }
    return std::nullopt;
}

}  // namespace yore::command
