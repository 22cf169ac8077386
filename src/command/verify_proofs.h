// SPDX-License-Identifier: Apache-2.0
/// verify of level 3, over the sources that are asked for.
#pragma once

#include <yore/command/context.h>

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace yore::command {

struct ProofsWanted {
    std::vector<std::string> moments;  ///< SOURCE or SOURCE@TIME; empty: all that can be proven
    bool random = false;               ///< a random moment where none is named, else the newest
    bool compare = false;  ///< of clusters: as ProofOrder has it; of all that have what is needed
};

/// An event `proof` for each, with its output; the result counts and lists them. Nothing can be
/// proven (of a comparison, none is an answer), or one that is named cannot: Errc::invalid, before
/// any is tried.
nlohmann::json verify_proofs(Context&, const ProofsWanted&, const Call&);

}  // namespace yore::command
