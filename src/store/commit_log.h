// SPDX-License-Identifier: Apache-2.0
/// Makes commits one after the other: the entry, its place in the chain of hashes, and the rows of
/// the tables that follow from it.
#pragma once

#include <yore/base/guarded.h>
#include <yore/base/time.h>
#include <yore/format/commit_entry.h>
#include <yore/store/backend.h>
#include <yore/store/store.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "store/codec.h"
#include "store/commit_rows.h"
#include "store/seal.h"

namespace yore::store {

class CommitLog {
  public:
    /// Reads the last commit: another repository's or damaged: `corrupt`; newer: `unsupported`.
    CommitLog(Backend&, const Keys&, const SealKeys&, const Codec&, const Clock&,
              const StoreOptions&, DamagedObjects&);

    /// Durable when it returns. After an error of the backend, read-only: what is on disk and what
    /// is in memory may disagree. Any thread; one at a time gets through.
    /// Leaves the packs' indexes in the request.
    CommitNumber commit(CommitRequest&);
    /// The row of a dropped pack goes with the next commit: its space is given back.
    void forget_with_next_commit(std::uint64_t pack_number);
    CommitNumber last() const { return {last_.load(std::memory_order_acquire)}; }
    bool read_only() const { return read_only_.load(std::memory_order_acquire); }
    void turn_read_only() { read_only_.store(true, std::memory_order_release); }

    /// Absent: nullopt. Every error says which entry.
    struct Entry {
        format::CommitEntry entry;
        format::CommitHash hash{};
    };
    std::optional<Entry> read(CommitNumber) const;
    /// Throws why no writes are taken, if so.
    void ensure_writable() const;

    /// A record's value as the table `catalog` holds it, opened.
    Bytes open_record(ByteView key, ByteView sealed) const;

  private:
    CommitBatch batch_of(CommitRequest&, CommitNumber, const format::CommitHash& predecessor);
    void note_marks(const CommitRequest&);
    Bytes seal_entry(const format::CommitEntry&) const;
    void append(const CommitBatch&, const std::vector<FinishedPack>&);
    void give_back(const std::vector<FinishedPack>&) noexcept;

    Backend& backend_;
    const Keys& keys_;
    const SealKeys& seal_keys_;
    const Codec& codec_;
    const Clock& clock_;
    const std::string writer_;
    const bool opened_read_only_;
    DamagedObjects& damaged_;  ///< as of the last commit
    SystemRandom random_;
    const Sealer entry_sealer_;
    const Sealer record_sealer_;
    const CommitRows rows_;

    Guarded<std::vector<std::uint64_t>> forgotten_;
    std::mutex mutex_;  ///< held while a commit is on its way; guards last_hash_
    std::atomic<std::uint64_t> last_ = 0;
    format::CommitHash last_hash_{};
    std::atomic<bool> read_only_;
};

/// Makes the first commit of a backend that has none. Needs no keys.
void found_repository(Backend&, const RepositoryId&);

}  // namespace yore::store
