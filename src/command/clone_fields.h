// SPDX-License-Identifier: Apache-2.0
/// Clones in requests and answers.
#pragma once

#include <yore/catalog/snapshot.h>
#include <yore/command/clones.h>

#include <nlohmann/json.hpp>

#include "command/fields.h"

namespace yore::command {

/// `clone`, `source`, `moment`, `created`, `age_seconds`, `until`, `state`, `directory`, `changes`,
/// `max_bytes`, `hold`, `changed_bytes`, `changed_files`; of one that failed, `failure`.
nlohmann::json describe(const CloneStatus&, Timestamp now);

/// What is said of a server wherever one is started: `programs`, `role`.
CloneServerOptions server_in(Fields&);

/// Of a snapshot that is made of a clone: what is in its tree, and what was read of the clone.
catalog::SnapshotCounts counts_of(const tree::Totals&, const clone::StoredTree&);

/// A request with the one field `clone`.
std::string requested_clone(const nlohmann::json& request);

}  // namespace yore::command
