// SPDX-License-Identifier: Apache-2.0
/// Follows one directory. What it knows is a tree; each look at what changed makes the next one,
/// and what differs goes into the journal.
#pragma once

#include <yore/base/fd.h>
#include <yore/ingest/follow.h>

#include <functional>
#include <memory>
#include <optional>

#include "ingest/change_watch.h"
#include "ingest/file_pace.h"
#include "ingest/held_nodes.h"
#include "ingest/journal_writer.h"
#include "ingest/linked_files.h"
#include "ingest/predecessor.h"
#include "ingest/tree_run.h"

namespace yore::ingest {

/// One thread.
class Follower {
  public:
    /// Of the source's open directory.
    using MakeWatch = std::function<std::unique_ptr<ChangeWatch>(int directory)>;
    Follower(catalog::Catalog&, const catalog::Source&, const FollowOptions&, const Clock&,
             const MakeWatch&, std::stop_token);
    ~Follower();

    Followed run();

  private:
    using Time = ChangeWatch::Time;
    /// A tree that was read, and the run whose Writer has its chunks.
    struct Look {
        std::unique_ptr<TreeRun> run;
        NodeId root;
        std::vector<Change> changes;  ///< from the tree that was known
        bool is_whole = false;        ///< too many: the tree itself is the change
    };

    void begin();
    void step();
    void settle(ChangeWatch::Pending) const;
    ChangeWatch::Changes take_changes();
    void note_put_off();
    void follow(const ChangeWatch::Changes&, Time first_event);
    void rescan(Time first_event);
    void tell_pending(const ChangeWatch::Pending&);
    void tell() const;
    /// What is stored of the open segment may be closed only with something new in it.
    enum class SegmentEnd { open, closed };
    void heartbeat(SegmentEnd, Timestamp until);
    void close();

    Look look(const Focus*, const NodeId& before);
    Look look_at_all();
    void look_again(Look&, const Focus&);
    Look look_around(const Focus&, std::vector<Change> moves, const NodeId& before);
    void compare(Look&, const NodeId& before) const;
    NodeId after_moves(const ChangeWatch::Changes&, std::vector<Change>& moves);
    void take_in(Look&&, std::optional<std::string> uncertain_why, Time first_event);
    void commit(store::Writer&, SegmentEnd, std::vector<store::RecordChange> besides);
    SegmentEnd segment_end() const;
    Change whole_change(const NodeId& root) const;
    void check_source() const;
    NodeId find_base();

    catalog::Catalog& catalog_;
    const catalog::Source source_;
    const FollowOptions& options_;
    const Clock& clock_;
    const std::stop_token stop_;

    Fd directory_;
    HeldNodes held_;
    store::ObjectCache cache_;  ///< of its own: `held_` is its maker
    const tree::NodeBounds bounds_;
    const std::unique_ptr<ChangeWatch> watch_;
    JournalWriter journal_;
    LinkedFiles links_;
    FilePace pace_;
    std::set<std::string> put_off_;  ///< directories with files that were
    store::EpochPin pin_;  ///< since the segment was begun, whose trees are not stored yet

    NodeId state_;  ///< the tree after the last record
    NodeId empty_directory_;
    TrustRule trust_;
    Timestamp known_until_;
    /// Why all is to be looked at, until it was; empty: nothing was lost.
    std::optional<std::string> rescan_why_;
    Time segment_began_, next_heartbeat_, next_rescan_;
    Time next_put_off_ = Time::max();  ///< when to look at those
    Followed done_;
};

}  // namespace yore::ingest
