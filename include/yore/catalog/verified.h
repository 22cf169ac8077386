// SPDX-License-Identifier: Apache-2.0
/// When the packs of a repository were last read whole, so that one verify goes on where the one
/// before ended.
///
/// Kept as ranges of pack numbers that one run read: a run reads packs in the order of their
/// numbers, as far as they were read equally long ago, so that thousands of small packs are a few
/// records. A range counts for packs that came with a commit up to its `as_of`: a number of a pack
/// that was dropped, or was not yet committed then, may be another pack's now. So what becomes of
/// packs need not be told here.
#pragma once

#include <yore/base/time.h>
#include <yore/format/ids.h>
#include <yore/store/store.h>

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <vector>

namespace yore::catalog {

/// One run, as far as packs ask.
struct PackReading {
    Timestamp began;     ///< no byte was read before
    CommitNumber as_of;  ///< packs that came later were not meant
    bool operator==(const PackReading&) const = default;
};

/// Numbers of packs, both ends inclusive.
struct PackNumbers {
    std::uint64_t first = 0, last = 0;
};

/// One thread.
class VerifiedPacks {
  public:
    /// A record that is damaged is left out, and the log says so: its packs are read once more.
    static VerifiedPacks load(const store::Store&);

    /// When the run began that last read it; never, as far as is known: nullopt.
    std::optional<Timestamp> read_at(const store::PackInfo&) const;
    /// All packs of these numbers were read by this run; those that are not there do not matter.
    void note(PackNumbers, const PackReading&);
    /// Forgets ranges of which no pack is left. `packs` is sorted by number.
    void forget_gone(std::span<const store::PackInfo> packs);
    /// What makes the records say what is known here; once it is committed, `were_committed`.
    std::vector<store::RecordChange> changes() const;
    void were_committed() { stored_ = ranges_; }

  private:
    struct Range {
        std::uint64_t last = 0;
        PackReading reading;
        bool operator==(const Range&) const = default;
    };
    using Ranges = std::map<std::uint64_t, Range>;  ///< by first number; they do not overlap
    void cut_before(std::uint64_t number);
    void join_before(Ranges::iterator);

    Ranges ranges_, stored_;
};

/// How much of what is stored was read, and when. Bytes as stored.
struct VerifiedSummary {
    static constexpr std::array spans_days{1, 7, 30, 90};
    std::uint64_t bytes = 0;
    std::uint64_t never_bytes = 0;                ///< of packs that were never read
    std::array<std::uint64_t, 4> bytes_within{};  ///< read in the last of each of `spans_days`
    std::optional<Timestamp> oldest =
        {};  ///< since when all is read that ever was; none was: absent
};
VerifiedSummary summarize(const VerifiedPacks&, std::span<const store::PackInfo>, Timestamp now);

}  // namespace yore::catalog
