// SPDX-License-Identifier: Apache-2.0
/// The records of a repository: its sources and their snapshots. Kept in the store's commits.
///
/// Records are FlatBuffers (src/format/catalog.fbs); keys are typed and sort by time.
#pragma once

#include <yore/base/time.h>
#include <yore/catalog/snapshot.h>
#include <yore/catalog/snapshot_line.h>
#include <yore/catalog/source.h>
#include <yore/format/ids.h>
#include <yore/store/store.h>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace yore::catalog {

/// The name of a snapshot in the making: while it is held, no other snapshot of the source gets it
/// and the source is not removed. Let go when the snapshot is committed or given up.
class Reservation {
  public:
    SnapshotName name() const { return name_; }

  private:
    friend class Catalog;
    Reservation(SnapshotName name, std::shared_ptr<void> hold)
        : name_(name), hold_(std::move(hold)) {}
    SnapshotName name_;
    std::shared_ptr<void> hold_;
};

/// Any thread. Names and sources are kept in memory as of the last commit; a snapshot's record is
/// read when it is asked for.
class Catalog {
  public:
    explicit Catalog(store::Store&);
    ~Catalog();
    Catalog(Catalog&&) noexcept;

    std::vector<Source> sources() const;  ///< by id
    std::optional<Source> source(std::string_view name) const;
    std::optional<Source> source(std::uint32_t id) const;
    /// The name is taken: Errc::exists; by one of its kind that was removed: that one is fed again,
    /// as this one says, under its policy and its check of before. Returns it with its id.
    Source add_source(Source);
    /// The source of this name gets the directory, the policy and the check of this one. Unknown,
    /// removed: Errc::not_found; of another kind: Errc::exists.
    Source change_source(const Source&);
    /// Unknown: Errc::not_found.
    Source set_retention(std::string_view name, const RetentionPolicy&);
    /// Nothing feeds it any more; one that has no snapshots and no log is gone. Returns whether it
    /// is gone.
    /// Unknown: Errc::not_found. A snapshot is being taken: Errc::busy.
    bool remove_source(std::string_view name, Timestamp now);
    /// Besides, its snapshots and holds go: how many snapshots. A hold in force: Errc::invalid.
    std::size_t purge_source(std::string_view name, Timestamp now);

    /// Held from the look at snapshots and holds to the commit that removes snapshots.
    [[nodiscard]] std::unique_lock<std::mutex> decide();
    /// Held from the look at a log (`Logs::add`, `Logs::remove`) to the commit that changes it.
    /// Taken after `decide`.
    [[nodiscard]] std::unique_lock<std::mutex> change_logs() const;
    std::vector<Hold> holds(std::uint32_t source) const;  ///< by number
    /// Unknown source: Errc::not_found. Returns it with its number. Takes `decide`.
    Hold add_hold(Hold);
    /// Unknown: Errc::not_found. Returns what it was.
    Hold release_hold(std::uint32_t number);

    /// All of a source, oldest first. Cost: one record each.
    std::vector<Snapshot> snapshots(std::uint32_t source) const;
    /// What their keys say, as of the last commit.
    std::shared_ptr<const SnapshotLine> snapshot_line(std::uint32_t source) const;
    /// Just the names, oldest first, without opening records.
    std::vector<SnapshotName> snapshot_names(std::uint32_t source) const;
    std::optional<Snapshot> snapshot(std::uint32_t source, SnapshotName) const;
    std::optional<Snapshot> latest(std::uint32_t source) const;
    /// The last one (by name) before the first that ended later than `moment`. So with a clock that
    /// was set back, a moment that there was twice means its first time.
    std::optional<Snapshot> at_or_before(std::uint32_t source, Timestamp moment) const;
    /// Just its name, without opening a record.
    std::optional<SnapshotName> name_at_or_before(std::uint32_t source, Timestamp moment) const;

    /// Takes the name for a snapshot that starts now. No such source: Errc::not_found.
    Reservation reserve_name(std::uint32_t source, Timestamp now);
    /// The change that makes a snapshot exist, for the Writer's commit that also names its packs.
    static store::RecordChange put(const Snapshot&);
    /// The change that ends it.
    static store::RecordChange remove(const Snapshot&);

    store::Store& store() const;

  private:
    struct State;
    std::shared_ptr<State> state_;
};

}  // namespace yore::catalog
