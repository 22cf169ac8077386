// SPDX-License-Identifier: Apache-2.0
#include "upkeep/blame.h"

#include <yore/base/error.h>
#include <yore/catalog/log.h>
#include <yore/tree/content.h>
#include <yore/tree/directory.h>

#include <functional>
#include <map>
#include <set>
#include <utility>
#include <vector>

#include "upkeep/tree_walk.h"

namespace yore::upkeep {
namespace {

/// Of an object and the path that needs it.
using Hit = std::function<void(const std::string& object, const std::string& path)>;

/// Finds the ways from a tree's top to what is damaged.
class DamageSearch {
  public:
    DamageSearch(const store::ObjectCache& cache, const Report& report, const std::stop_token& stop)
        : cache_(cache), report_(report), stop_(stop) {}

    /// The top's one entry is the source's directory: paths begin below it.
    void search(const NodeId& top, const Hit& hit) {
        hit_ = &hit;
        enter(top, "", true);
        while (!frames_.empty()) {
            check_stop();
            Frame& at = frames_.back();
            if (at.next < at.children.size()) {
                Child child = std::move(at.children[at.next++]);
                enter(child.node, std::move(child.path), false);
            } else {
                leave();
            }
        }
    }
    void look_at(const ChunkId& chunk, const std::string& path, const Hit& hit) {
        hit_ = &hit;
        visit(chunk, path);
    }
    void look_at(const NodeId& node, const std::string& path, const Hit& hit) {
        hit_ = &hit;
        visit(node, path);
    }

  private:
    struct Child {
        NodeId node;
        std::string path;
    };
    struct Frame {
        std::optional<Location> location;
        std::vector<Child> children = {};
        std::size_t next = 0;
        std::uint64_t hits_before = 0;
    };

    void enter(const NodeId& node, std::string path, bool is_top) {
        forgiving([&] {
            const auto info = cache_.store().find(node);
            if (info && (clean_.contains(info->location) || !open_.insert(info->location).second))
                return;  // a forged tree may lead back to itself
            Frame frame{.location = info ? std::optional(info->location) : std::nullopt,
                        .hits_before = hits_};
            visit(node, path.empty() ? "/" : path);
            if (info) scan(node, path, is_top, frame);
            frames_.push_back(std::move(frame));
        });
    }

    void leave() {
        const Frame& frame = frames_.back();
        if (frame.location) open_.erase(*frame.location);
        if (frame.location && frame.hits_before == hits_) clean_.add(*frame.location);
        frames_.pop_back();
    }

    void scan(const NodeId& node, const std::string& path, bool is_top, Frame& frame) {
        forgiving([&] {
            tree::Directory(cache_, node).scan("", [&](const tree::EntryView& entry) {
                check_stop();
                const std::string here = is_top ? path : path + "/" + std::string(entry.name());
                if (const auto child = entry.child()) frame.children.push_back({*child, here});
                visit_content(entry, here.empty() ? "/" : here);
                return true;
            });
        });
    }

    void visit_content(const tree::EntryView& entry, const std::string& path) {
        for (const tree::Xattr& xattr : entry.xattrs())
            if (xattr.chunk) visit(*xattr.chunk, path);
        if (entry.kind() != tree::FileKind::regular) return;
        const tree::Content content = entry.content();
        if (content.list) visit(*content.list, path);
        forgiving([&] {
            std::optional<ChunkId> last;
            tree::ContentReader(cache_, content).scan(0, [&](const tree::PlacedExtent& placed) {
                check_stop();
                if (placed.extent.chunk && placed.extent.chunk != last)
                    visit(*placed.extent.chunk, path);
                last = placed.extent.chunk;
                return true;
            });
        });
    }

    void visit(const NodeId& node, const std::string& path) { visit("node " + node.hex(), path); }
    /// Also what is a delta against what is damaged.
    void visit(const ChunkId& chunk, const std::string& path) {
        if (visit("chunk " + chunk.hex(), path)) return;
        const auto info = cache_.store().find(chunk);
        if (info && info->base) visit("chunk " + info->base->hex(), path);
    }
    bool visit(const std::string& object, const std::string& path) {
        if (!report_.holds(object)) return false;
        ++hits_;
        (*hit_)(object, path);
        return true;
    }

    /// A subtree that cannot be read is never clean: its damage is told of again.
    template <typename Body>
    void forgiving(Body&& body) {
        try {
            body();
        } catch (const Error& error) {
            if (error.code() == Errc::cancelled) throw;
            ++hits_;
        }
    }
    void check_stop() const {
        if (stop_.stop_requested()) throw Error(Errc::cancelled, "stopped");
    }

    const store::ObjectCache& cache_;
    const Report& report_;
    const std::stop_token& stop_;
    const Hit* hit_ = nullptr;
    std::vector<Frame> frames_;
    LocationSet clean_;
    std::set<Location> open_;  ///< of the frames
    std::uint64_t hits_ = 0;
};

/// Joins the needs of one path in consecutive snapshots of a source.
class Needs {
  public:
    Needs(std::string source, const std::function<void(const Need&)>& tell)
        : source_(std::move(source)), tell_(tell) {}

    void add(const std::string& object, const std::string& path, const std::string& snapshot) {
        const auto [found, is_new] = open_.try_emplace({object, path});
        Need& need = found->second;
        if (is_new) need = {object, source_, path, snapshot, snapshot, 0};
        if (!is_new && need.last == snapshot) return;
        need.last = snapshot;
        ++need.snapshots;
        if (open_.size() > open_max) end_all();
    }
    /// Tells of those that ended before this snapshot.
    void end_snapshot(const std::string& snapshot) {
        for (auto need = open_.begin(); need != open_.end();) {
            const auto next = std::next(need);
            if (need->second.last != snapshot) end(need);
            need = next;
        }
    }
    void end_all() {
        while (!open_.empty()) end(open_.begin());
    }

  private:
    /// Above, what is known is told of, and comes in several parts.
    static constexpr std::size_t open_max = 50'000;
    using Open = std::map<std::pair<std::string, std::string>, Need>;
    void end(Open::iterator need) {
        tell_(need->second);
        open_.erase(need);
    }

    const std::string source_;
    const std::function<void(const Need&)>& tell_;
    Open open_;
};

/// A segment's needs are its own: which of its files are concerned depends on the moment.
void blame_segment(DamageSearch& search, const catalog::LogSegment& segment, const Need& named,
                   const std::function<void(const Need&)>& tell) {
    std::set<std::string> told;
    const Hit hit = [&](const std::string& object, const std::string&) {
        if (!told.insert(object).second) return;
        Need need = named;
        need.object = object;
        tell(need);
    };
    if (segment.list) search.look_at(*segment.list, {}, hit);
    if (segment.tree_after) search.search(segment.tree_after->root, hit);
    if (segment.entries) search.search(*segment.entries, hit);
    if (segment.points) search.look_at(*segment.points, {}, hit);
    for (const catalog::SegmentExtent& extent : segment.extents)
        search.look_at(extent.chunk, {}, hit);
}

}  // namespace

void blame(const catalog::Catalog& catalog, const store::ObjectCache& cache, const Report& report,
           const std::stop_token& stop) {
    const auto& tell = report.options().on_need;
    if (report.empty() || !tell) return;
    DamageSearch search(cache, report, stop);
    const catalog::Logs logs(catalog.store());
    for (const catalog::Source& source : catalog.sources()) {
        Needs needs(source.name, tell);
        for (const catalog::SnapshotName& name : catalog.snapshot_names(source.id)) {
            std::optional<catalog::Snapshot> snapshot;
            try {
                snapshot = catalog.snapshot(source.id, name);
            } catch (const Error&) {  // the report has it
            }
            if (!snapshot) continue;
            search.search(snapshot->root, [&](const std::string& object, const std::string& path) {
                needs.add(object, path, name.text());
            });
            needs.end_snapshot(name.text());
        }
        needs.end_all();
        for (const auto& incarnation : logs.incarnations(source.id))
            logs.scan_segments(source.id, incarnation.number, {}, [&](const auto& segment) {
                Need need;
                need.source = source.name;
                need.path = fmt::format("log/{}/{}", incarnation.name, segment.name);
                blame_segment(search, segment, need, tell);
                return true;
            });
    }
}

}  // namespace yore::upkeep
