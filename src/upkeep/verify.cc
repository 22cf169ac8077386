// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/guarded.h>
#include <yore/catalog/log.h>
#include <yore/upkeep/verify.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <map>

#include <tbb/blocked_range.h>
#include <tbb/parallel_reduce.h>

#include "upkeep/tree_walk.h"

namespace yore::upkeep {
namespace {

constexpr std::size_t needed_by_max = 10;
constexpr std::size_t batch_objects = 2048;
constexpr auto progress_interval = std::chrono::milliseconds(200);

/// What was found so far; one object is reported once, with the first paths that need it.
class Report {
  public:
    explicit Report(const VerifyOptions& options) : options_(options) {}

    void damage(const std::string& object, const std::string& text, const std::string& path = {}) {
        Damage& entry = found_[object];
        if (entry.object.empty()) {
            entry.object = object;
            entry.text = text;
            ++counts.damaged;
        }
        if (!path.empty() && entry.needed_by.size() < needed_by_max)
            entry.needed_by.push_back(path);
    }
    void progress(bool always = false) {
        if (!options_.progress) return;
        const auto now = std::chrono::steady_clock::now();
        if (!always && now - told_ < progress_interval) return;
        told_ = now;
        options_.progress(counts);
    }
    VerifyResult result() && {
        VerifyResult result{.counts = counts, .damage = {}};
        for (auto& [object, damage] : found_) result.damage.push_back(std::move(damage));
        return result;
    }
    bool empty() const { return found_.empty(); }
    bool holds(const std::string& object) const { return found_.contains(object); }

    VerifyOptions::Progress counts;

  private:
    const VerifyOptions& options_;
    std::map<std::string, Damage> found_;
    std::chrono::steady_clock::time_point told_{};
};

/// Level 1: everything that is referenced is in the index, and large enough.
class ReferenceCheck final : public TreeVisitor {
  public:
    ReferenceCheck(const store::Store& store, Report& report) : store_(store), report_(report) {}

    bool node(const NodeId& id, const std::string& path) override {
        const auto info = store_.find(id);
        if (!info) {
            report_.damage("node " + id.hex(), "referenced, but not stored", path);
            return false;
        }
        if (!nodes_.add(info->location)) return false;
        ++report_.counts.nodes;
        report_.progress();
        return true;
    }
    void chunk(const ChunkId& id, std::uint64_t end, const std::string& path) override {
        const auto info = store_.find(id);
        if (!info) {
            report_.damage("chunk " + id.hex(), "referenced, but not stored", path);
            return;
        }
        if (end > info->plain_bytes)
            report_.damage("chunk " + id.hex(), "shorter than a file's extent in it", path);
        if (!chunks_.add(info->location)) return;
        ++report_.counts.chunks;
        if (info->base) check_base(id, *info->base, path);
    }
    void damaged(const std::string& object, const std::string& text,
                 const std::string& path) override {
        report_.damage(object, text, path);
    }

  private:
    void check_base(const ChunkId& id, const ChunkId& base, const std::string& path) {
        const auto info = store_.find(base);
        if (!info)
            report_.damage("chunk " + id.hex(),
                           fmt::format("its base {} is not stored", base.hex()), path);
        else if (info->base)
            report_.damage("chunk " + id.hex(),
                           fmt::format("its base {} is itself a delta", base.hex()), path);
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
            report.damage("snapshot " + text, error.what(), text);
        }
        ++report.counts.snapshots_done;
        report.progress();
    });
    each_segment(catalog, [&](const catalog::LogSegment& segment, const std::string& text) {
        walk_segment(cache, segment, text, check, stop);
    });
}

// Level 2.

using Listed = store::Store::Listed;

std::string text_of(const Listed& listed) {
    return (listed.domain == Domain::chunk ? "chunk " : "node ") + to_hex(listed.id);
}

/// The id decides, so that a seed always takes the same part and other seeds take others.
bool in_sample(const Listed& listed, const VerifyOptions& options) {
    if (options.sample >= 1.0) return true;
    std::uint64_t word = 0;
    std::memcpy(&word, listed.id.data(), sizeof word);
    word ^= options.seed * 0x9e3779b97f4a7c15u;
    word *= 0xff51afd7ed558ccdu;
    word ^= word >> 33;
    return static_cast<double>(word) < options.sample * std::ldexp(1.0, 64);
}

struct Checked {
    std::vector<std::pair<std::string, std::string>> damage;  ///< object, text
    std::uint64_t bytes = 0;
};

/// What nothing needs may have lost its base to a collect, or its place in the index; level 1 tells
/// when something needs it.
bool is_forgotten(const store::Store& store, const Listed& listed) {
    if (listed.domain == Domain::node) return !store.find(NodeId{listed.id});
    if (!store.find(ChunkId{listed.id})) return true;
    if (!listed.info.base) return false;
    const auto base = store.find(*listed.info.base);
    return !base || base->base;
}

template <typename Id>
void check_object(const store::ObjectCache& cache, const Listed& listed, Checked& checked) {
    const Id id = Id::from_bytes(listed.id).value();
    try {
        const store::Store& store = cache.store();
        if (is_forgotten(store, listed)) return;
        if constexpr (std::is_same_v<Id, ChunkId>) {
            const Buffer plain =
                store.get(id, [&](const ChunkId& base) { return cache.chunk(base); });
            checked.bytes += plain.size();
            if (store.chunk_id(plain) != id)
                checked.damage.emplace_back(text_of(listed), "its bytes hash to another id");
        } else {
            const Buffer plain = store.get(id);
            checked.bytes += plain.size();
            if (store.node_id(plain) != id)
                checked.damage.emplace_back(text_of(listed), "its bytes hash to another id");
        }
    } catch (const Error& error) {
        checked.damage.emplace_back(text_of(listed), error.what());
    }
}

/// On all cores.
Checked check_batch(const store::ObjectCache& cache, const std::vector<Listed>& batch) {
    using Range = tbb::blocked_range<std::size_t>;
    return tbb::parallel_reduce(
        Range(0, batch.size()), Checked{},
        [&](const Range& range, Checked checked) {
            for (std::size_t i = range.begin(); i != range.end(); ++i) {
                if (batch[i].domain == Domain::chunk)
                    check_object<ChunkId>(cache, batch[i], checked);
                else
                    check_object<NodeId>(cache, batch[i], checked);
            }
            return checked;
        },
        [](Checked left, const Checked& right) {
            left.damage.insert(left.damage.end(), right.damage.begin(), right.damage.end());
            left.bytes += right.bytes;
            return left;
        });
}

/// Puts to each damaged object the files that need it.
class Blame final : public TreeVisitor {
  public:
    explicit Blame(Report& report) : report_(report) {}
    bool node(const NodeId& id, const std::string& path) override {
        note("node " + id.hex(), path);
        return true;
    }
    void chunk(const ChunkId& id, std::uint64_t, const std::string& path) override {
        note("chunk " + id.hex(), path);
    }
    void damaged(const std::string&, const std::string&, const std::string&) override {}

  private:
    void note(const std::string& object, const std::string& path) {
        if (report_.holds(object)) report_.damage(object, {}, path);
    }
    Report& report_;
};

void check_bytes(const catalog::Catalog& catalog, const store::ObjectCache& cache,
                 const VerifyOptions& options, Report& report, const std::stop_token& stop) {
    std::vector<Listed> batch;
    const auto flush = [&] {
        const Checked checked = check_batch(cache, batch);
        for (const auto& [object, text] : checked.damage) report.damage(object, text);
        report.counts.bytes_read += checked.bytes;
        report.counts.objects_read += batch.size();
        report.progress();
        batch.clear();
    };
    cache.store().list_objects([&](const Listed& listed) {
        if (in_sample(listed, options)) batch.push_back(listed);
        if (batch.size() == batch_objects) flush();
        return !stop.stop_requested();
    });
    if (stop.stop_requested()) throw Error(Errc::cancelled, "verify stopped");
    flush();
    if (report.empty()) return;
    Blame blame(report);
    each_snapshot(catalog, [&](const auto& source, const auto& name, const std::string& text) {
        if (const auto snapshot = catalog.snapshot(source.id, name))
            walk_tree(cache, snapshot->root, text, blame, stop);
    });
    each_segment(catalog, [&](const catalog::LogSegment& segment, const std::string& text) {
        walk_segment(cache, segment, text, blame, stop);
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
    Report report(options);
    check_references(catalog, cache, report, stop);
    if (options.level == 2) check_bytes(catalog, cache, options, report, stop);
    report.progress(true);
    return std::move(report).result();
}

}  // namespace yore::upkeep
