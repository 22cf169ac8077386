// SPDX-License-Identifier: Apache-2.0
/// What all tables of a cluster hold, in a few bytes each: two states of it are compared without a
/// row of the one being where the other is.
///
/// Rows are counted and summed as the texts that a client would see, whatever their order and
/// wherever they lie: hint bits, free space, dead rows and the order of pages are no difference.
/// Sequences and statistics are left out, which no log has exactly
/// (decisions/2026-11-22-servers-on- clones.md); so is what no log has at all.
#pragma once

#include <yore/cluster/server.h>

#include <cstdint>
#include <map>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "command/cluster_findings.h"

namespace yore::command {

struct RowSum {
    std::string table;   ///< `shop.public.orders`, for people
    std::string rows;    ///< how many; empty: it could not be read
    std::string sum;     ///< of hashes
    std::string reason;  ///< why not
    bool operator==(const RowSum&) const = default;
};
/// By database and number of the relation.
using RowSums = std::map<std::pair<std::string, std::string>, RowSum>;

/// Of each table and materialized view of each database. Sessions of the server that may change
/// something by themselves (autovacuum) are ended first. A table that cannot be read has a reason.
/// Throws as cluster::query_rows.
RowSums row_sums(const cluster::ServerAccess&, const std::stop_token&);

/// What `here` has otherwise than `there`, which is called `name`. Pure. What cannot be read in
/// either is not known to differ: of the host.
std::vector<ClusterFinding> differences(const RowSums& here, const RowSums& there,
                                        std::string_view name);

}  // namespace yore::command
