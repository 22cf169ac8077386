// SPDX-License-Identifier: Apache-2.0
/// What the checks of a cluster's server say, read out of what programs print, and what it means:
/// pure functions.
#pragma once

#include <yore/catalog/proof.h>

#include <string>
#include <string_view>
#include <vector>

namespace yore::command {

struct ClusterFinding {
    std::string object;  ///< `btree index "shop.public.orders_pkey"`, `assertion 2 (line 7)`
    std::string text;    ///< what is wrong with it
    /// Because this host lacks something or has another version of it: nothing is wrong with the
    /// cluster, as far as is known.
    bool of_host = false;
    bool operator==(const ClusterFinding&) const = default;
};

/// What `pg_amcheck` prints: a line for each object, and lines below it, indented.
std::vector<ClusterFinding> read_amcheck(std::string_view output);
/// What `pg_checksums --check` prints: a line for each block that is not as its checksum says.
std::vector<ClusterFinding> read_checksums(std::string_view output);
/// The warnings of a server's log or of a client: `WARNING:  …`, each of which is `OBJECT: TEXT`.
std::vector<ClusterFinding> read_warnings(std::string_view output);

/// The entries of an index are not in their order: so it looks, too, where the rules of order are
/// not those under which it was made.
bool is_of_order(const ClusterFinding&);
/// A library is wanted that is not there.
bool is_of_library(std::string_view text);

/// `shop`, and `public.orders_pkey` quoted as SQL wants it, of a finding's object; not of that
/// form: both empty.
struct AmcheckObject {
    std::string database, relation;
    bool operator==(const AmcheckObject&) const = default;
};
AmcheckObject object_of(const ClusterFinding&);

struct ClusterVerdict {
    catalog::ProofOutcome outcome = catalog::ProofOutcome::passed;
    std::string reason;
};
/// One that is not of the host: failed, and it comes first. Only such: not tried.
ClusterVerdict judge(const std::vector<ClusterFinding>&);

}  // namespace yore::command
