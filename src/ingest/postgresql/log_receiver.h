// SPDX-License-Identifier: Apache-2.0
/// Receives a cluster's log over one connection at a time.
///
/// What has come is checked record by record, appended to the timeline's tail in one synced piece,
/// and then reported to the server: so a commit that waits for us waits for one sync. While that
/// runs, more arrives; it is the next piece. Whole segments are stored from the tail meanwhile, in
/// another thread.
#pragma once

#include <yore/ingest/postgresql_follow.h>

#include <chrono>
#include <optional>

#include "ingest/postgresql/log_stream.h"
#include "ingest/postgresql/slot_watch.h"
#include "ingest/postgresql/tail_folding.h"
#include "ingest/postgresql/timelines.h"

namespace yore::ingest {

/// One thread.
class LogReceiver final : postgresql::WalListener {
  public:
    LogReceiver(const FoldingOrder&, const ClusterFollowOptions&, SlotWatch&, std::stop_token);
    ~LogReceiver() override;

    /// Makes moments of all that is durable. Needs no server.
    void settle();
    /// Until another connection is due, which it returns for, or the connection breaks, or it is
    /// stopped; then `settle` is due.
    void receive();
    const Followed& done() const { return done_; }

  private:
    using Time = std::chrono::steady_clock::time_point;

    LogPlace find_place(Connection&);
    bool make_slot_of_source(Connection&) const;
    void keep_to_limit(Connection&, const LogPlace& from, bool had_slot);
    bool is_slot_due(const LogStream&) const;
    LogStream begin_stream(Connection&, const LogPlace&) const;
    void open(const LogPlace&);
    std::optional<LogPlace> stream(Connection&, const LogPlace&);
    LogPlace next_place(Connection&, LogStream&);
    LogPlace durable_place(const LogStream&) const;
    LogPlace behind_gap(Connection&, const LogPlace& gone, const Error& why);
    postgresql::Lsn position_to_begin(Connection&, const ServerLog&) const;
    void store_history(Connection&, postgresql::Timeline, std::string& text) const;

    bool take_in(LogStream&);
    void append(postgresql::Lsn, ByteView);
    void fold(postgresql::Lsn until, TailPart::Form);
    void keep_open_segment(postgresql::Lsn durable);
    void on_record(const postgresql::WalRecord&, const postgresql::WalFact*) override;
    void note_pending(const LogStream&);
    void tell(const LogStream&);
    catalog::Source fed_source() const;
    Time next_wake() const;

    const FoldingOrder order_;
    const ClusterFollowOptions& options_;
    SlotWatch& watch_;
    const std::stop_token stop_;
    const std::string slot_;
    Followed done_;

    std::uint64_t slot_limit_ = 0;  ///< bytes, as declared by now; 0: none

    // Of a connection.
    ServerLog server_;
    System system_;
    std::string conninfo_, host_;
    bool is_of_source_ = true;  ///< else the source is another cluster, or elsewhere, by now
    bool has_slot_ = true;      ///< else it is over its limit
    std::optional<TailFolder> folder_;

    // Of a timeline.
    store::TailId tail_id_;
    std::optional<store::Tail> tail_;
    std::optional<postgresql::WalReader> reader_;  ///< as far as the tail
    bool has_news_ = false;    ///< restore points that are in no stored segment yet
    std::uint64_t heard_ = 0;  ///< restore points of what is being taken in
    std::optional<Timestamp> newest_heard_;
    postgresql::Lsn opened_at_;    ///< all before it was received earlier
    postgresql::Lsn pending_end_;  ///< once it is durable, nothing pends since `pending_since`
    Time next_moments_, next_report_, next_tell_;
};

}  // namespace yore::ingest
