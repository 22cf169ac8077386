// SPDX-License-Identifier: Apache-2.0
#include <yore/base/path.h>
#include <yore/tree/edit.h>

#include <algorithm>
#include <utility>

namespace yore::tree {
namespace {

constexpr std::string_view top_name = "root";

/// Without a node, as nothing was in it when it was put.
bool is_new_directory(const Entry& entry) {
    return entry.attributes.kind == FileKind::directory && !entry.child;
}

}  // namespace

TreeEdit::TreeEdit(const store::ObjectCache& cache, NodeId root) : cache_(cache) {
    directories_.push_back({root, {}});
}

TreeEdit::TreeEdit(const store::ObjectCache& cache) : cache_(cache) {
    directories_.emplace_back();
    Entry top;
    top.name = top_name;
    top.attributes.kind = FileKind::directory;
    Item item{std::move(top)};
    directories_.emplace_back();
    item.below = &directories_.back();
    directories_.front().items.emplace(top_name, std::move(item));
}

TreeEdit::Item* TreeEdit::find(Changes& directory, std::string_view name) {
    if (const auto known = directory.items.find(name); known != directory.items.end())
        return known->second ? &*known->second : nullptr;
    if (!directory.before) return nullptr;
    const auto entry = Directory(cache_, *directory.before).find(name);
    if (!entry) return nullptr;
    return &*directory.items.emplace(name, Item{entry->copy()}).first->second;
}

TreeEdit::Changes& TreeEdit::enter(Item& item) {
    if (item.below == nullptr) {
        directories_.push_back({item.entry.child, {}});
        item.below = &directories_.back();
    }
    return *item.below;
}

TreeEdit::Slot TreeEdit::slot(std::string_view path) {
    Changes* directory = &directories_.front();
    std::string_view name = top_name;
    for (std::size_t next = 0; next < path.size();) {
        Item* item = find(*directory, name);
        if (item == nullptr || item->entry.attributes.kind != FileKind::directory)
            throw Error(Errc::corrupt, fmt::format("{}: its parent is not a directory", path));
        directory = &enter(*item);
        const std::size_t end = std::min(path.find('/', next), path.size());
        name = path.substr(next, end - next);
        next = end + 1;
    }
    return {*directory, name};
}

void TreeEdit::check_top(std::string_view path, const Entry& entry) const {
    if (path.empty() && entry.attributes.kind != FileKind::directory)
        throw Error(Errc::corrupt, "the source's directory becomes another kind of file");
}

void TreeEdit::put(std::string_view path, Entry entry) {
    check_top(path, entry);
    const Slot at = slot(path);
    entry.name = at.name;
    at.directory.items.insert_or_assign(std::string(at.name), Item{std::move(entry)});
}

void TreeEdit::update(std::string_view path, Entry entry) {
    check_top(path, entry);
    const Slot at = slot(path);
    entry.name = at.name;
    Item item{std::move(entry)};
    const bool is_directory = item.entry.attributes.kind == FileKind::directory;
    const Item* before = is_directory ? find(at.directory, at.name) : nullptr;
    if (before != nullptr && before->entry.attributes.kind == FileKind::directory) {
        item.below = before->below;
        item.entry.child = before->entry.child;
        item.entry.totals = before->entry.totals;
    }
    at.directory.items.insert_or_assign(std::string(at.name), std::move(item));
}

void TreeEdit::remove(std::string_view path) {
    if (path.empty()) throw Error(Errc::corrupt, "the source's directory is removed");
    const Slot at = slot(path);
    at.directory.items.insert_or_assign(std::string(at.name), std::nullopt);
}

void TreeEdit::move(std::string_view from, std::string_view to) {
    if (from.empty() || to.empty() || is_below(to, from))
        throw Error(Errc::corrupt, fmt::format("{} is moved to {}", from, to));
    if (from == to) return;
    const Slot source = slot(from);
    Item* found = find(source.directory, source.name);
    if (found == nullptr) return;
    Item item = std::move(*found);
    source.directory.items.insert_or_assign(std::string(source.name), std::nullopt);
    const Slot target = slot(to);
    item.entry.name = target.name;
    target.directory.items.insert_or_assign(std::string(target.name), std::move(item));
}

DirectoryBuilder::Built TreeEdit::write(const store::ObjectCache& cache, const Changes& changes,
                                        DirectoryBuilder builder) {
    std::optional<DirectoryCursor> before;
    if (changes.before) before.emplace(cache, *changes.before);
    const auto current = [&] { return before ? before->current() : nullptr; };
    for (const auto& [name, item] : changes.items) {
        const EntryView* old = current();
        for (; old != nullptr && old->name() < name; old = current()) {
            builder.add(*old);
            before->advance();
        }
        if (old != nullptr && old->name() == name) before->advance();
        if (item) builder.add(item->entry);
    }
    for (const EntryView* old = current(); old != nullptr; old = current()) {
        builder.add(*old);
        before->advance();
    }
    return builder.finish();
}

DirectoryBuilder::Built TreeEdit::finish(store::NodeSink& sink, const NodeBounds& bounds) {
    struct Reached {
        Changes* changes;
        Item* owner;
    };
    // Parents before children. Not by recursion: how deep a tree is, is up to who made it.
    std::vector<Reached> reached{{&directories_.front(), nullptr}};
    for (std::size_t i = 0; i < reached.size(); ++i)
        for (auto& [name, item] : reached[i].changes->items) {
            if (item && is_new_directory(item->entry)) enter(*item);
            if (item && item->below != nullptr) reached.push_back({item->below, &*item});
        }
    DirectoryBuilder::Built built;
    while (!reached.empty()) {
        const Reached last = reached.back();
        reached.pop_back();
        built = write(cache_, *last.changes, DirectoryBuilder(sink, bounds));
        if (last.owner == nullptr) continue;
        last.owner->entry.child = built.top;
        last.owner->entry.totals = built.totals;
    }
    return built;
}

}  // namespace yore::tree
