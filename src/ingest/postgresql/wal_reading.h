// SPDX-License-Identifier: Apache-2.0
/// Reads one segment's records while its bytes come by: is it whole and right, which restore points
/// does it complete, and up to when is the log known with it.
#pragma once

#include <yore/catalog/log.h>
#include <yore/postgresql/wal_header.h>
#include <yore/postgresql/wal_reader.h>
#include <yore/store/object_cache.h>

#include <optional>

namespace yore::ingest {

/// What a stretch of log says. The points are those whose records end in it: the first one's may
/// begin in the segment before it.
struct LogFindings {
    format::RestorePointsBuilder points;
    std::optional<Timestamp> first_time, last_time;  ///< the least and the greatest
    std::vector<catalog::LogDemand> demands;

    void take(const postgresql::WalRecord&, const postgresql::WalFact&);
};

/// One thread at a time.
class SegmentReading final : postgresql::WalListener {
  public:
    /// Begins at the start of a segment. `before`, which ends there, is read again at its end, so
    /// that a record that crosses over is checked and known, and that this segment follows on it.
    SegmentReading(const postgresql::WalStream&, postgresql::Lsn start,
                   const std::optional<catalog::LogSegment>& before, const store::ObjectCache&);

    void feed(ByteView bytes) { reader_.feed(bytes, *this); }
    const std::optional<postgresql::WalStop>& stop() const { return reader_.stop(); }
    /// Behind the last whole record of the segment; none: its start.
    postgresql::Lsn valid_end() const;
    bool follows() const { return follows_; }  ///< on `before`, which could be read

    /// Before the timeline forked off, and from there on.
    const LogFindings& parents() const { return parents_; }
    const LogFindings& own() const { return own_; }

  private:
    static std::optional<postgresql::WalReader> behind(const postgresql::WalStream&,
                                                       const std::optional<catalog::LogSegment>&,
                                                       const store::ObjectCache&);
    void on_record(const postgresql::WalRecord&, const postgresql::WalFact*) override;

    const postgresql::WalStream stream_;
    const postgresql::Lsn start_;
    bool follows_ = false;
    postgresql::WalReader reader_;
    LogFindings parents_, own_;
};

}  // namespace yore::ingest
