// SPDX-License-Identifier: Apache-2.0
/// What the previous snapshot holds of a file, and how far it is to be trusted.
///
/// A file is taken over unread when kind, size, mtime, ctime and inode (and all else that stat
/// gives) are as they were. That a change leaves no trace in them is possible only if it came in
/// the same tick of the file system's clock as the last change before it was read: so an entry
/// that had changed less than one tick before its snapshot started, or later, is not trusted, and
/// the file is read again. A tick is taken to be 20 ms (kernel clocks tick every 1 to 10 ms), and
/// 2 s where the time of change is a whole second, as on file systems that keep no fractions.
/// A network file system whose clock lags by more than that is not covered.
#pragma once

#include <yore/base/error.h>
#include <yore/catalog/catalog.h>
#include <yore/tree/content.h>
#include <yore/tree/directory.h>

#include <memory>

namespace yore::ingest {

inline constexpr std::uint64_t clock_tick_ns = 20'000'000;
inline constexpr std::uint64_t coarse_clock_tick_ns = 2'000'000'000;

/// From `a`, which is not later, to `b`; whole, however far they are apart.
inline std::uint64_t ns_between(Timestamp a, Timestamp b) {
    return static_cast<std::uint64_t>(b.ns) - static_cast<std::uint64_t>(a.ns);
}

class TrustRule {
  public:
    TrustRule() = default;  ///< trusts nothing
    explicit TrustRule(const catalog::Snapshot& before) : TrustRule(before.started, before.ended) {}
    /// Of a tree that was read between the two.
    TrustRule(Timestamp started, Timestamp ended) : started_(started), ended_(ended) {}
    bool trusts(const tree::Attributes& stored) const;

  private:
    Timestamp started_{INT64_MIN}, ended_{INT64_MIN};
};

/// Whether something that is stored of its content or attributes is marked as damaged
/// (store/damage.h), or cannot be followed: then it is not taken over, so that what is met of it is
/// stored anew. Without marks it costs nothing.
bool is_damaged(const store::ObjectCache&, const tree::EntryView& entry);

/// The stored bytes of a file. Any thread. Damage is logged, and then it is as if there were none.
class StoredContent {
  public:
    StoredContent(const store::ObjectCache&, const tree::EntryView& entry);

    /// Whether the stored bytes are these, with no hole.
    bool equals(ByteView content) const;
    /// For the block at `offset`: the chunk that was there, or the one which that is a delta of.
    std::optional<store::DeltaBase> base_at(std::uint64_t offset) const;

  private:
    void log_damage(const Error&) const;

    const store::ObjectCache& cache_;
    tree::ContentReader reader_;
    std::string name_;
};

}  // namespace yore::ingest
