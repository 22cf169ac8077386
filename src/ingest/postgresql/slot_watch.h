// SPDX-License-Identifier: Apache-2.0
/// Looks after the slots of a followed source, in a thread of its own: so also while its follower
/// waits for a server, or for room in the repository.
///
/// None keeps more than it may. With several hosts, each that allows it has one, though the log
/// comes from one of them: after a promotion the new primary still has all that is not here.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/ingest/postgresql_follow.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "ingest/postgresql/connection.h"
#include "ingest/postgresql/log_stream.h"

namespace yore::ingest {

class SlotWatch {
  public:
    /// `stop` ends what it does, as the destructor ends its waiting: it has looked once, then.
    SlotWatch(const catalog::Catalog&, const catalog::Source&, const ClusterFollowOptions&,
              std::stop_token stop);

    /// The log as it comes: which cluster's, from where, and up to where it is durable here.
    struct Feed {
        std::uint64_t system_identifier = 0;
        std::string host;
        LogPlace durable;
    };
    void note(const Feed&);  ///< any thread
    /// The follower has a slot that it does not read yet, or is about to make one: what that keeps
    /// is no matter until it does. Any thread.
    void let_begin(bool begins) { is_beginning_ = begins; }

  private:
    void run(const std::stop_token& end);
    void look();
    void look_at(const std::string& conninfo, const catalog::Source&, const std::optional<Feed>&);
    void visit(const std::string& conninfo, const catalog::Source&, const Feed&);
    void keep_slot(Connection&, const std::string& conninfo, const catalog::Source&,
                   const Feed&) const;
    bool make_slot_of_host(Connection&, const std::string& conninfo, const std::string& slot) const;
    void keep_to_limit(Connection&, const catalog::Source&) const;

    const catalog::Catalog& catalog_;
    const std::uint32_t source_;
    const ClusterFollowOptions& options_;
    const std::stop_token stop_;
    std::map<std::string, std::string> told_;  ///< what went wrong last, by conninfo
    std::map<std::string, std::chrono::steady_clock::time_point> left_alone_until_;  ///< the same

    std::atomic<bool> is_beginning_ = false;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::optional<Feed> feed_;
    bool has_new_host_ = false;
    std::jthread thread_;  ///< goes first
};

}  // namespace yore::ingest
