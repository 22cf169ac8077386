// SPDX-License-Identifier: Apache-2.0
#include "ingest/tree_records.h"

#include <yore/base/error.h>
#include <yore/base/path.h>

#include <optional>

namespace yore::ingest {
namespace {

using Kind = format::JournalRecord::Kind;
using tree::EntryView;
using tree::FileKind;

bool is_directory(const EntryView& entry) {
    return entry.kind() == FileKind::directory;
}

bool same_content(const EntryView& before, const EntryView& after) {
    if (before.kind() != FileKind::regular || after.kind() != FileKind::regular) return true;
    const tree::Content a = before.content(), b = after.content();
    return a.size == b.size && a.extents == b.extents && a.list == b.list;
}

/// All but what is below a directory.
bool same(const EntryView& before, const EntryView& after) {
    return before.attributes() == after.attributes() && before.target() == after.target() &&
           before.xattrs() == after.xattrs() && same_content(before, after);
}

class Scan {
  public:
    Scan(const store::ObjectCache& cache, const std::function<bool(Change&&)>& visit)
        : cache_(cache), visit_(visit) {}

    void run(NodeId before, NodeId after) {
        const auto a = tree::Directory(cache_, before).find("root");
        const auto b = tree::Directory(cache_, after).find("root");
        if (!a || !b) throw Error(Errc::corrupt, "the root of a tree is not a directory");
        changed("", *a, *b);
        while (!pending_.empty() && !stopped_) {
            const Pending next = std::move(pending_.back());
            pending_.pop_back();
            compare(next);
        }
    }

  private:
    struct Pending {
        std::optional<NodeId> before;
        NodeId after;
        std::string path;
    };

    void compare(const Pending& here) {
        std::optional<tree::DirectoryCursor> before;
        if (here.before) before.emplace(cache_, *here.before);
        tree::DirectoryCursor after(cache_, here.after);
        while (!stopped_) {
            const EntryView* a = before ? before->current() : nullptr;
            const EntryView* b = after.current();
            if (a == nullptr && b == nullptr) return;
            const int order = a == nullptr ? 1 : b == nullptr ? -1 : a->name().compare(b->name());
            if (order < 0) {
                removed(path_of(here, *a), *a);
            } else if (order > 0) {
                added(path_of(here, *b), *b);
            } else {
                changed(path_of(here, *b), *a, *b);
            }
            if (order <= 0) before->advance();
            if (order >= 0) after.advance();
        }
    }

    void removed(std::string path, const EntryView& entry) {
        Change change{Kind::remove, {std::move(path)}};
        note_links(entry, change.links);
        tell(std::move(change));
    }

    void added(std::string path, const EntryView& entry, const EntryView* replaced = nullptr) {
        tell_entry(Kind::put, path, entry, replaced);
        if (is_directory(entry))
            pending_.push_back({std::nullopt, *entry.child(), std::move(path)});
    }

    void changed(std::string path, const EntryView& before, const EntryView& after) {
        if (!is_directory(before) || !is_directory(after)) {
            if (same(before, after)) return;
            added(std::move(path), after, &before);
            return;
        }
        if (!same(before, after)) tell_entry(Kind::update, path, after, nullptr);
        if (before.child() != after.child())
            pending_.push_back({before.child(), *after.child(), std::move(path)});
    }

    void tell_entry(Kind kind, const std::string& path, const EntryView& view,
                    const EntryView* replaced) {
        Change change{kind, {path}, view.copy()};
        change.entry.child.reset();
        change.entry.totals = {};
        if (!is_directory(view)) note_links(view, change.links);
        if (replaced != nullptr) note_links(*replaced, change.links);
        tell(std::move(change));
    }
    /// Of a file, or of all files below a directory.
    void note_links(const EntryView& top,
                    std::vector<std::pair<std::uint64_t, std::uint32_t>>& links) const {
        std::vector<EntryView> pending{top};
        while (!pending.empty()) {
            const EntryView entry = std::move(pending.back());
            pending.pop_back();
            const tree::Attributes attributes = entry.attributes();
            if (const auto child = entry.child())
                tree::Directory(cache_, *child).scan("", [&](const EntryView& below) {
                    pending.push_back(below);
                    return true;
                });
            else if (attributes.link_count > 1)
                links.emplace_back(attributes.inode, attributes.link_count);
        }
    }
    void tell(Change&& change) {
        if (!stopped_) stopped_ = !visit_(std::move(change));
    }

    static std::string path_of(const Pending& here, const EntryView& entry) {
        return join_path(here.path, entry.name());
    }

    const store::ObjectCache& cache_;
    const std::function<bool(Change&&)>& visit_;
    std::vector<Pending> pending_;
    bool stopped_ = false;
};

}  // namespace

void scan_changes(const store::ObjectCache& cache, NodeId before, NodeId after,
                  const std::function<bool(Change&&)>& visit) {
    if (before != after) Scan(cache, visit).run(before, after);
}

}  // namespace yore::ingest
