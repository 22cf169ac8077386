// SPDX-License-Identifier: Apache-2.0
/// Opens directories at moments between stored trees: applies their journal.
///
/// Nothing is written to the store. The directories that differ from the base are made in memory,
/// under the cache's budget: one that was evicted is made again by applying the same records once
/// more, which gives the same nodes.
#pragma once

#include <yore/base/guarded.h>
#include <yore/catalog/catalog.h>
#include <yore/catalog/log.h>
#include <yore/format/journal.h>
#include <yore/store/object_cache.h>
#include <yore/tree/directory.h>
#include <yore/view/moment.h>

#include <list>
#include <map>
#include <unordered_map>
#include <vector>

namespace yore::view {

/// Any thread. Is the cache's maker of nodes while it lives; both arguments outlive it.
class JournalReplay final : public Replay, public store::NodeMaker {
  public:
    struct Limits {
        /// Moments and nodes that can be made again; the oldest moments are forgotten first, and
        /// must then be opened anew.
        std::size_t moments = 4096, nodes = 1u << 18;
    };
    JournalReplay(const catalog::Catalog&, store::ObjectCache&, Limits);
    JournalReplay(const catalog::Catalog& catalog, store::ObjectCache& cache)
        : JournalReplay(catalog, cache, Limits()) {}
    ~JournalReplay() override;

    /// Not a directory's log: nullopt. A part of the log is not there any more: Errc::not_found;
    /// damaged, or not made for this base: `corrupt`. Cost: the records, and the entries of the
    /// directories that they change; nothing when it was done before.
    std::optional<NodeId> apply(std::uint32_t source, const NodeId& base,
                                const std::vector<timeline::LogRange>&) const override;
    std::shared_ptr<const Buffer> make(const NodeId&) const override;

  private:
    struct Recipe {
        std::uint32_t source = 0;
        NodeId base;
        std::vector<timeline::LogRange> ranges;
        auto operator<=>(const Recipe&) const = default;
    };
    struct Made {
        NodeId root;
        std::vector<NodeId> nodes;  ///< of the directories that changed
    };
    struct Known {
        using Moments = std::map<Recipe, Made>;
        Moments moments;
        std::list<Moments::const_iterator> by_age;  ///< oldest first
        std::unordered_map<NodeId, Moments::const_iterator> recipes;
    };
    /// The nodes go to the cache. Besides, the bytes of one of them to `wanted`.
    struct Wanted {
        NodeId id;
        std::shared_ptr<const Buffer> bytes = {};
    };
    Made run(const Recipe&, Wanted*) const;
    void remember(const Recipe&, const Made&) const;
    static void forget_oldest(Known&);

    const catalog::Catalog& catalog_;
    store::ObjectCache& cache_;
    const Limits limits_;
    const tree::NodeBounds bounds_;
    mutable Guarded<Known> known_;
};

/// A segment's bytes, as those of a file.
tree::Content content_of(const catalog::LogSegment&);
/// The entry of a record that has one. It is not there: `corrupt`.
tree::EntryView journal_entry(const store::ObjectCache&, const catalog::LogSegment&, LogPosition);
/// The journal in a segment's bytes. Not one, or of other positions: `corrupt`.
format::Journal read_journal(const store::ObjectCache&, const catalog::LogSegment&);

}  // namespace yore::view
