// SPDX-License-Identifier: Apache-2.0
/// What a receiver of the log has in tails becomes segments.
///
/// The tail of a timeline begins where a segment does, so each segment is read from the tail as
/// from a file, and stored as one that was pushed; with the commit that makes it exist, its part of
/// the tail goes. Of the segment that is open a `.partial` is stored now and then, so that its
/// commits are moments; the tail keeps it until it is whole.
#pragma once

#include <yore/ingest/postgresql_log.h>
#include <yore/postgresql/segment_name.h>

#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

namespace yore::ingest {

/// Bytes of a tail, from one position up to another at which a piece ends.
class TailFile {
  public:
    TailFile(const store::Store&, store::TailId, postgresql::Lsn from, postgresql::Lsn until);
    /// 0: the end. A tail that lacks some of it: `corrupt`.
    std::size_t read(MutableBytes);

  private:
    void read_ahead();

    const store::Store& store_;
    const store::TailId tail_;
    std::uint64_t position_;  ///< of the next byte to be read ahead
    const std::uint64_t until_;
    Bytes ahead_;
    std::size_t given_ = 0;
};

/// Where a tail begins and ends; it has no pieces: nullopt. Nobody appends to it.
struct TailExtent {
    postgresql::Lsn begin, end;
};
std::optional<TailExtent> extent_of(store::Store&, store::TailId);

/// A part of a tail that lies in one segment.
struct TailPart {
    enum class Form {
        whole,  ///< a segment; goes from the tail
        open,   ///< stored as `.partial`, and kept in the tail
        last,   ///< stored as `.partial`; the tail goes: nothing follows on it
    };
    store::TailId tail;
    postgresql::Lsn begin, end;  ///< the former is a segment's
    Form form = Form::whole;
};

struct FoldingOrder {
    catalog::Catalog& catalog;
    const store::ObjectCache& cache;
    const catalog::Source& source;
    const Clock& clock;
};

/// Errors as store_log_file.
void store_part(const FoldingOrder&, const TailPart&, postgresql::SegmentSize);
/// All that is in the tails of the source, which nobody appends to: of the newest timeline what is
/// not whole stays there, too. A source that is gone by now: its tails go.
void store_tails(const FoldingOrder&);

/// Stores parts in the order in which they come, in a thread of its own: meanwhile the tail takes
/// more. What goes wrong is thrown by every later call.
class TailFolder {
  public:
    TailFolder(const FoldingOrder&, postgresql::SegmentSize);
    ~TailFolder();  ///< after the part that is being stored

    /// Waits when too much waits already.
    void put(const TailPart&);
    void finish();
    bool is_idle();

  private:
    void run(const std::stop_token&);
    void wait_for(std::size_t waiting_max);

    const FoldingOrder order_;
    const postgresql::SegmentSize size_;
    std::mutex mutex_;
    std::condition_variable_any changed_;
    std::deque<TailPart> waiting_;  ///< the first is being stored
    std::exception_ptr failure_;
    std::jthread thread_;  ///< goes first
};

}  // namespace yore::ingest
