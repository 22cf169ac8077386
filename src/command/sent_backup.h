// SPDX-License-Identifier: Apache-2.0
/// Base backups that a server sent, among those that were rolled forward.
#pragma once

#include <yore/catalog/catalog.h>

#include <optional>

namespace yore::command {

/// The newest one of a source. Reads the records of all behind it. None: nullopt.
std::optional<catalog::Snapshot> newest_sent_backup(const catalog::Catalog&, std::uint32_t source);

}  // namespace yore::command
