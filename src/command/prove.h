// SPDX-License-Identifier: Apache-2.0
/// Level 3 of verify: a moment of a source is put to use in a clone, and what became of it is
/// recorded.
#pragma once

#include <yore/catalog/proof.h>
#include <yore/command/context.h>

#include <string>

#include <nlohmann/json.hpp>

namespace yore::command {

/// What is to be tried.
struct ProofOrder {
    catalog::Source source;
    std::string time;          ///< as SOURCE@TIME has it; empty: a random one
    bool compare = false;      ///< instead: that of comparison.h, of which rows are compared, too
    Duration longest() const;  ///< when the check is given up
};

struct Proven {
    catalog::Proof proof;
    std::string output;  ///< the last of what the check wrote
    bool cut = false;    ///< it wrote more
};

/// There is something that level 3 can do: a check command, or a cluster's server.
bool can_be_proven(const catalog::Catalog&, const catalog::Source&);
/// Nothing to do for it, or a user who may not run it: Errc::invalid.
void check_provable(const catalog::Source&);

/// Tries it, and records the outcome. What goes wrong is an outcome; stopped: Errc::cancelled, and
/// nothing is recorded.
Proven prove(Context&, const ProofOrder&, const Call&);

/// `state`, `time`, `snapshot`, `started`, `ended`, `outcome`, `reason`, `job`, `last_passed`,
/// `compared`.
nlohmann::json describe(const catalog::Proof&);

}  // namespace yore::command
