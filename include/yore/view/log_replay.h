// SPDX-License-Identifier: Apache-2.0
/// Opens sources at moments between stored trees: applies their log.
///
/// A directory's journal is applied record by record. Of a PostgreSQL cluster the tree is that of a
/// base backup with the log that it needs, and settings with which a server recovers to the moment.
///
/// Nothing is written to the store. The directories that differ from the base, and the texts that
/// are written anew, are made in memory, under the cache's budget: one that was evicted is made
/// again from the same records, which gives the same objects.
#pragma once

#include <yore/base/guarded.h>
#include <yore/catalog/catalog.h>
#include <yore/catalog/log.h>
#include <yore/format/journal.h>
#include <yore/store/object_cache.h>
#include <yore/tree/directory.h>
#include <yore/view/cluster_moment.h>
#include <yore/view/moment.h>

#include <list>
#include <map>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <variant>
#include <vector>

namespace yore::view {

/// What a tree that log was applied to has in memory alone. All else in it is what its base and the
/// log have.
struct MadeObjects {
    std::unordered_set<NodeId> nodes;
    std::unordered_set<ChunkId> chunks;
};

/// Any thread. Is the cache's maker of nodes while it lives; both arguments outlive it.
class LogReplay final : public Replay, public store::ObjectMaker {
  public:
    struct Limits {
        /// Moments and objects that can be made again; the oldest moments are forgotten first, and
        /// must then be opened anew.
        std::size_t moments = 4096, objects = 1u << 18;
    };
    LogReplay(const catalog::Catalog&, store::ObjectCache&, Limits);
    LogReplay(const catalog::Catalog& catalog, store::ObjectCache& cache)
        : LogReplay(catalog, cache, Limits()) {}
    ~LogReplay() override;

    /// Of a source without a log that is known: nullopt. A part of the log is not there any more:
    /// Errc::not_found; damaged, or not made for this base: `corrupt`. Cost: the records of a
    /// journal, and the entries of the directories that they change; of a cluster, the segments'
    /// names and the texts of its settings; nothing when it was done before.
    std::optional<NodeId> apply(std::uint32_t source, const NodeId& base,
                                const timeline::Plan&) const override;
    /// What `apply` made of this root; it is not forgotten while this lives. It was not made here,
    /// as that of a snapshot, or was forgotten already: null. The replay outlives it.
    std::shared_ptr<const MadeObjects> keep(const NodeId& root) const;
    std::shared_ptr<const Buffer> make(const NodeId&) const override;
    std::shared_ptr<const Buffer> make_chunk(const ChunkId&) const override;

  private:
    using Object = std::variant<NodeId, ChunkId>;
    struct Recipe {
        std::uint32_t source = 0;
        NodeId base;
        std::vector<timeline::LogRange> ranges;
        std::optional<LastRecord> end;  ///< of clusters
        auto operator<=>(const Recipe&) const = default;
    };
    struct Made {
        NodeId root;
        std::vector<Object> objects;  ///< directories that changed, texts that are written anew
        unsigned keepers = 0;
    };
    struct Known {
        using Moments = std::map<Recipe, Made>;
        Moments moments;
        std::list<Moments::const_iterator> by_age;  ///< oldest first
        std::unordered_map<Object, Moments::const_iterator> recipes;
    };
    /// All goes to the cache. Besides, the bytes of one of them to `wanted`.
    struct Wanted {
        Object id;
        std::shared_ptr<const Buffer> bytes = {};
    };
    Made run(const Recipe&, Wanted*) const;
    std::shared_ptr<const Buffer> make_again(const Object&) const;
    void remember(const Recipe&, const Made&) const;
    /// All are kept: false.
    static bool forget_oldest(Known&);

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
