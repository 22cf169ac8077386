// SPDX-License-Identifier: Apache-2.0
/// The generated files of the view.
#pragma once

#include <yore/catalog/catalog.h>

#include <optional>
#include <string>

namespace yore::view {

const std::string& readme_text();
/// `info.json` of a source: what it is, how many snapshots, the newest one's counts and outcome.
std::string info_text(const catalog::Source&, std::size_t snapshot_count,
                      const std::optional<catalog::Snapshot>& newest);

}  // namespace yore::view
