// SPDX-License-Identifier: Apache-2.0
/// What the commands share that take and give files of PostgreSQL's log.
#pragma once

#include <yore/catalog/catalog.h>

#include <string>

namespace yore::command {

/// Unknown: Errc::not_found; of another kind: `invalid`.
catalog::Source find_cluster(const catalog::Catalog&, const std::string& name);
/// The same; one that was removed is `invalid`, too.
catalog::Source find_fed_cluster(const catalog::Catalog&, const std::string& name);

}  // namespace yore::command
