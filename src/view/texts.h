// SPDX-License-Identifier: Apache-2.0
/// The generated files of the view.
#pragma once

#include <yore/catalog/catalog.h>

#include <string>

namespace yore::view {

std::string readme_text();
/// `info.json` of a source: what it is, how many snapshots, the last one's counts and outcome.
std::string info_text(const catalog::Catalog&, const catalog::Source&);

}  // namespace yore::view
