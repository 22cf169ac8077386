// SPDX-License-Identifier: Apache-2.0
// Two cursors walk each pair of directories in name order. Whenever both stand at the start of
// nodes with the same id, whatever their levels, both skip the node: what is equal is never loaded.
#include <yore/tree/compare.h>
#include <yore/tree/directory.h>

#include <algorithm>

#include "tree/cursor.h"

namespace yore::tree {
namespace {

bool equal_xattrs(const EntryView& a, const EntryView& b) {
    if (!a.has_xattrs() && !b.has_xattrs()) return true;
    const std::vector<Xattr> in_a = a.xattrs(), in_b = b.xattrs();
    return std::equal(
        in_a.begin(), in_a.end(), in_b.begin(), in_b.end(), [](const Xattr& x, const Xattr& y) {
            return x.name == y.name && x.value == y.value && x.chunk == y.chunk && x.size == y.size;
        });
}

bool equal_content(const EntryView& a, const EntryView& b) {
    if (a.kind() != b.kind()) return false;
    if (a.kind() == FileKind::symlink) return a.target() == b.target();
    if (a.kind() != FileKind::regular) return a.attributes().device == b.attributes().device;
    const Content in_a = a.content(), in_b = b.content();
    return in_a.size == in_b.size && in_a.extents == in_b.extents && in_a.list == in_b.list;
}

/// What a person may have changed: not the inode, nor the link count of a directory.
bool equal_attributes(const EntryView& a, const EntryView& b) {
    const Attributes x = a.attributes(), y = b.attributes();
    const bool links = x.kind == FileKind::directory || x.link_count == y.link_count;
    return x.permissions == y.permissions && x.uid == y.uid && x.gid == y.gid &&
           x.modified == y.modified && links && equal_xattrs(a, b);
}

/// Moves both behind the highest node that both are at the start of; false when there is none.
bool skip_equal(Cursor& a, Cursor& b) {
    const std::optional<unsigned> from_a = a.highest_started(), from_b = b.highest_started();
    if (!from_a || !from_b) return false;
    for (unsigned in_a = *from_a; in_a <= a.lowest(); ++in_a) {
        const NodeId id = a.node(in_a);
        for (unsigned in_b = *from_b; in_b <= b.lowest(); ++in_b) {
            if (b.node(in_b) != id) continue;
            a.skip(in_a);
            b.skip(in_b);
            return true;
        }
    }
    return false;
}

/// The same, after having loaded no more of either than it takes to know.
bool skip_equal_nodes(Cursor& a, Cursor& b) {
    for (;;) {
        if (skip_equal(a, b)) return true;
        const bool opened_a = a.open_one(), opened_b = b.open_one();
        if (!opened_a && !opened_b) return false;
    }
}

class Comparison {
  public:
    Comparison(const store::ObjectCache& cache, const std::function<bool(const Difference&)>& visit)
        : cache_(cache), visit_(visit) {}

    void run(const NodeId& before, const NodeId& after) {
        enter(before, after, "");
        while (!pairs_.empty()) {
            if (!step()) return;
        }
    }

  private:
    /// A pair of directories that is being walked; one side of it may be absent.
    struct Pair {
        std::optional<Cursor> before, after;
        std::string prefix;
        std::optional<NodeId> node_before, node_after;
    };

    void enter(std::optional<NodeId> before, std::optional<NodeId> after, std::string prefix) {
        if (before == after) return;
        if (std::ranges::any_of(pairs_, [&](const Pair& above) {
                return above.node_before == before && above.node_after == after;
            }))
            throw own_ancestor(before ? *before : *after, prefix);
        Pair pair;
        pair.prefix = std::move(prefix);
        pair.node_before = before;
        pair.node_after = after;
        if (before) pair.before.emplace(cache_, *before);
        if (after) pair.after.emplace(cache_, *after);
        pairs_.push_back(std::move(pair));
    }

    /// Handles the next name of the innermost pair. False: `visit` had enough.
    bool step() {
        Pair& pair = pairs_.back();
        if (pair.before && pair.after && skip_equal_nodes(*pair.before, *pair.after)) return true;
        const EntryView* a = pair.before ? pair.before->current() : nullptr;
        const EntryView* b = pair.after ? pair.after->current() : nullptr;
        if (!a && !b) {
            pairs_.pop_back();
            return true;
        }
        std::optional<EntryView> before, after;
        if (a && (!b || a->name() <= b->name())) before = *a;
        if (b && (!a || b->name() <= a->name())) after = *b;
        if (before) pair.before->advance();
        if (after) pair.after->advance();
        return report(pair.prefix, before, after);
    }

    bool report(const std::string& prefix, const std::optional<EntryView>& before,
                const std::optional<EntryView>& after) {
        Difference difference;
        difference.path = prefix + std::string(before ? before->name() : after->name());
        difference.before = before;
        difference.after = after;
        if (before && after) {
            difference.kind = Difference::Kind::changed;
            const EntryChange change = change_between(*before, *after);
            difference.content = change.content;
            difference.attributes = change.attributes;
        } else {
            difference.kind = before ? Difference::Kind::removed : Difference::Kind::added;
        }
        const bool differs = !before || !after || difference.content || difference.attributes;
        if (differs && !visit_(difference)) return false;
        const std::optional<NodeId> below_before = before ? before->child() : std::nullopt;
        const std::optional<NodeId> below_after = after ? after->child() : std::nullopt;
        enter(below_before, below_after, difference.path + "/");
        return true;
    }

    const store::ObjectCache& cache_;
    const std::function<bool(const Difference&)>& visit_;
    std::vector<Pair> pairs_;
};

}  // namespace

EntryChange change_between(const EntryView& before, const EntryView& after) {
    return {!equal_content(before, after), !equal_attributes(before, after)};
}

void compare(const store::ObjectCache& cache, NodeId before, NodeId after,
             const std::function<bool(const Difference&)>& visit) {
    Comparison(cache, visit).run(before, after);
}

}  // namespace yore::tree
