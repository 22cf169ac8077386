// SPDX-License-Identifier: Apache-2.0
#include "upkeep/tree_walk.h"

#include <yore/base/error.h>
#include <yore/tree/content.h>

#include <vector>

namespace yore::upkeep {
namespace {

struct Pending {
    NodeId top;
    std::string path;
    bool is_root = false;  ///< its one entry is the source's directory: no name in the path
};

class Walk {
  public:
    Walk(const store::ObjectCache& cache, TreeVisitor& visitor, const std::stop_token& stop)
        : cache_(cache), visitor_(visitor), stop_(stop) {}

    void run(const NodeId& root, const std::string& name) {
        pending_.push_back({root, name, true});
        while (!pending_.empty()) {
            const Pending next = std::move(pending_.back());
            pending_.pop_back();
            if (visitor_.node(next.top, next.path)) directory(next);
        }
    }

  private:
    void directory(const Pending& here) {
        guarded("node " + here.top.hex(), [&] {
            tree::Directory(cache_, here.top).scan("", [&](const tree::EntryView& entry) {
                check_stop();
                visit(entry, here.is_root ? here.path : path_below(here, entry));
                return true;
            });
        });
    }

    static std::string path_below(const Pending& here, const tree::EntryView& entry) {
        return here.path + "/" + std::string(entry.name());
    }

    void visit(const tree::EntryView& entry, const std::string& path) {
        if (const auto child = entry.child()) pending_.push_back({*child, path, false});
        if (entry.has_xattrs())
            for (const tree::Xattr& xattr : entry.xattrs())
                if (xattr.chunk) visitor_.chunk(*xattr.chunk, xattr.size, path);
        if (entry.kind() == tree::FileKind::regular) content(entry.content(), path);
    }

    void content(const tree::Content& content, const std::string& path) {
        if (content.list && !visitor_.node(*content.list, path)) return;
        const std::string object = content.list ? "node " + content.list->hex() : "file " + path;
        guarded(object, [&] {
            std::uint64_t hole_bytes = 0;
            tree::ContentReader(cache_, content).scan(0, [&](const tree::PlacedExtent& placed) {
                check_stop();
                if (!placed.extent.chunk) hole_bytes += placed.extent.length;
                if (placed.extent.chunk)
                    visitor_.chunk(*placed.extent.chunk,
                                   placed.extent.offset + placed.extent.length, path);
                return true;
            });
            if (hole_bytes != content.hole_bytes)
                throw Error(Errc::corrupt, "holes are not where its entry counts them");
        });
    }

    template <typename Body>
    void guarded(const std::string& object, Body&& body) {
        try {
            body();
        } catch (const Error& error) {
            if (error.code() == Errc::cancelled) throw;
            visitor_.damaged(object, error.what());
        }
    }

    void check_stop() const {
        if (stop_.stop_requested()) throw Error(Errc::cancelled, "stopped");
    }

    const store::ObjectCache& cache_;
    TreeVisitor& visitor_;
    const std::stop_token& stop_;
    std::vector<Pending> pending_;
};

}  // namespace

void walk_tree(const store::ObjectCache& cache, const NodeId& root, const std::string& name,
               TreeVisitor& visitor, const std::stop_token& stop) {
    Walk(cache, visitor, stop).run(root, name);
}

}  // namespace yore::upkeep
