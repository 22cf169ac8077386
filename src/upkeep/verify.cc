// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/catalog/log.h>
#include <yore/upkeep/verify.h>

#include "upkeep/blame.h"
#include "upkeep/known_damage.h"
#include "upkeep/read_packs.h"
#include "upkeep/report.h"
#include "upkeep/tree_walk.h"

namespace yore::upkeep {
namespace {

/// Level 1: everything that is referenced is in the index, and large enough.
class ReferenceCheck final : public TreeVisitor {
  public:
    ReferenceCheck(const store::Store& store, Report& report) : store_(store), report_(report) {}

    bool node(const NodeId& id, const std::string&) override {
        const auto info = store_.find(id);
        if (!info) {
            report_.damage("node " + id.hex(), "referenced, but not stored");
            return false;
        }
        if (!nodes_.add(info->location)) return false;
        ++report_.counts.nodes;
        report_.progress();
        return true;
    }
    void chunk(const ChunkId& id, std::uint64_t end, const std::string&) override {
        const auto info = store_.find(id);
        if (!info) {
            report_.damage("chunk " + id.hex(), "referenced, but not stored");
            return;
        }
        if (end > info->plain_bytes)
            report_.damage("chunk " + id.hex(), "shorter than a file's extent in it");
        if (!chunks_.add(info->location)) return;
        ++report_.counts.chunks;
        if (info->base) check_base(id, *info->base);
    }
    void damaged(const std::string& object, const std::string& text) override {
        report_.damage(object, text);
    }

  private:
    void check_base(const ChunkId& id, const ChunkId& base) {
        const auto info = store_.find(base);
        if (!info)
            report_.damage("chunk " + id.hex(),
                           fmt::format("its base {} is not stored", base.hex()));
        else if (info->base)
            report_.damage("chunk " + id.hex(),
                           fmt::format("its base {} is itself a delta", base.hex()));
    }

    const store::Store& store_;
    Report& report_;
    LocationSet nodes_, chunks_;
};

template <typename Visit>
void each_snapshot(const catalog::Catalog& catalog, Visit&& visit) {
    for (const catalog::Source& source : catalog.sources())
        for (const catalog::SnapshotName& name : catalog.snapshot_names(source.id))
            visit(source, name, source.name + "@" + name.text());
}

template <typename Visit>
void each_segment(const catalog::Catalog& catalog, Visit&& visit) {
    const catalog::Logs logs(catalog.store());
    for (const catalog::Source& source : catalog.sources())
        for (const auto& incarnation : logs.incarnations(source.id))
            logs.scan_segments(source.id, incarnation.number, {}, [&](const auto& segment) {
                visit(segment,
                      fmt::format("{}/log/{}/{}", source.name, incarnation.name, segment.name));
                return true;
            });
}

void walk_segment(const store::ObjectCache& cache, const catalog::LogSegment& segment,
                  const std::string& text, TreeVisitor& visitor, const std::stop_token& stop) {
    if (segment.tree_after) walk_tree(cache, segment.tree_after->root, text, visitor, stop);
    if (segment.entries) walk_tree(cache, *segment.entries, text, visitor, stop);
    if (segment.points) visitor.node(*segment.points, text);
    for (const catalog::SegmentExtent& extent : segment.extents)
        visitor.chunk(extent.chunk, extent.offset + extent.length, text);
}

void check_references(const catalog::Catalog& catalog, const store::ObjectCache& cache,
                      Report& report, const std::stop_token& stop) {
    for (const std::string& text : cache.store().check_tables()) report.damage("tables", text);
    ReferenceCheck check(cache.store(), report);
    each_snapshot(catalog, [&](const auto& source, const auto& name, const std::string& text) {
        try {
            // None: it was pruned meanwhile. A record that was lost is found above.
            if (const auto snapshot = catalog.snapshot(source.id, name))
                walk_tree(cache, snapshot->root, text, check, stop);
        } catch (const Error& error) {
            if (error.code() == Errc::cancelled) throw;
            report.damage("snapshot " + text, error.what());
        }
        ++report.counts.snapshots_done;
        report.progress();
    });
    each_segment(catalog, [&](const catalog::LogSegment& segment, const std::string& text) {
        walk_segment(cache, segment, text, check, stop);
    });
}

}  // namespace

VerifyResult verify(const catalog::Catalog& catalog, const store::ObjectCache& cache,
                    const VerifyOptions& options, std::stop_token stop) {
    if (options.level < 1 || options.level > 2)
        throw Error(Errc::invalid,
                    fmt::format("verify level {}: there are 1 and 2", options.level));
    if (!(options.sample > 0.0 && options.sample <= 1.0))
        throw Error(Errc::invalid, "the sample must be more than 0 % and at most 100 %");
    if (options.level == 1 && (options.max_time || options.older_than))
        throw Error(Errc::invalid, "level 1 reads no packs: it has neither a time limit nor an age",
                    {"level 2 has"});
    Report report(options);
    check_references(catalog, cache, report, stop);
    PacksRead packs;
    if (options.level == 2) packs = read_packs(catalog.store(), cache, options, report, stop);
    check_known_damage(catalog.store(), cache, report, stop);
    report.tell_damage();
    blame(catalog, cache, report, stop);
    report.progress(true);
    return std::move(report).result(packs);
}

}  // namespace yore::upkeep
