// SPDX-License-Identifier: Apache-2.0
/// Looks after the slots of a followed source, in a thread of its own: so also while its follower
/// waits for a server, or for room in the repository.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/ingest/postgresql_follow.h>

#include <map>
#include <string>
#include <thread>

#include "ingest/postgresql/connection.h"

namespace yore::ingest {

class SlotWatch {
  public:
    /// `stop` ends what it does, as the destructor ends its waiting: it has looked once, then.
    SlotWatch(const catalog::Catalog&, const catalog::Source&, const ClusterFollowOptions&,
              std::stop_token stop);

  private:
    void run(const std::stop_token& end);
    void look();
    void look_at(const std::string& conninfo, const catalog::Source&);
    void keep_to_limit(Connection&, const catalog::Source&) const;

    const catalog::Catalog& catalog_;
    const std::uint32_t source_;
    const ClusterFollowOptions& options_;
    const std::stop_token stop_;
    std::map<std::string, std::string> told_;  ///< what went wrong last, by conninfo
    std::jthread thread_;                      ///< goes first
};

}  // namespace yore::ingest
