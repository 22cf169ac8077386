// SPDX-License-Identifier: Apache-2.0
/// The last files of a base backup: those that a server reads when it starts, made fit for a copy
/// that recovers to where the backup ends.
#pragma once

#include <yore/base/time.h>
#include <yore/postgresql/recovery_settings.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "ingest/postgresql/cluster_files.h"

namespace yore::ingest {

/// `corrupt` when it is not there.
const ClusterFiles::Held& held_file(const ClusterFiles::HeldFiles&, std::string_view path);

struct LastFiles {
    ClusterFiles::HeldFiles held;
    std::optional<std::string> manifest = {};  ///< as the server wrote it
    postgresql::RecoveryTarget target;
    std::uint32_t directory_mode = 0700;  ///< of the data directory: 0700 or 0750
    ClusterFiles::HeldFiles config = {};  ///< of config_files.h
};
/// Stores them, and the data directory itself.
void add_last_files(ClusterFiles&, LastFiles, Timestamp now);

}  // namespace yore::ingest
