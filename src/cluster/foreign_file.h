// SPDX-License-Identifier: Apache-2.0
/// Small files in a directory that belongs to somebody else, who may have put anything there.
#pragma once

#include <optional>
#include <string>

namespace yore::cluster {

/// No regular file of at most 64 KiB, or none at all: nullopt. Never waits, as for a pipe's writer.
std::optional<std::string> read_foreign_file(const std::string& path);

}  // namespace yore::cluster
