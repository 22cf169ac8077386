// SPDX-License-Identifier: Apache-2.0
/// Level 3 of verify for PostgreSQL clusters: a server on a clone of a moment, and all that can
/// tell whether the cluster is whole: amcheck over every index and table, the user's assertions,
/// the checksums of the pages.
#pragma once

#include <optional>

#include "command/comparison.h"
#include "command/moment.h"
#include "command/prove.h"

namespace yore::command {

struct MomentToProve {
    const Moment& moment;
    /// The rows of both are compared, besides.
    const std::optional<Comparison>& comparison;
};

/// What it finds is the outcome. A server of this version is not here, or cannot be run here:
/// throws; stopped: Errc::cancelled.
void prove_by_server(Context&, const ProofOrder&, const MomentToProve&, const Call&, Proven&);

}  // namespace yore::command
