// SPDX-License-Identifier: Apache-2.0
/// A tree as nested maps: what an edit or a replay must come to.
#pragma once

#include <yore/crypto/hash.h>
#include <yore/store/store.h>
#include <yore/tree/directory.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "example_entries.h"

namespace yore::test {

/// Tells ids and keeps nothing.
class IdsOnly final : public store::NodeSink {
  public:
    explicit IdsOnly(const store::Store& store) : store_(store) {}
    NodeId put_node(ByteView plain) override { return store_.node_id(plain); }

  private:
    const store::Store& store_;
};

struct ModelItem {
    tree::Entry entry;
    std::map<std::string, ModelItem> below = {};
    bool is_directory() const { return entry.attributes.kind == tree::FileKind::directory; }

    /// The entry, with its child when it is a directory, under a name.
    tree::Entry build(store::NodeSink& sink, const tree::NodeBounds& bounds,
                      const std::string& name) const {
        tree::Entry built = entry;
        built.name = name;
        if (!is_directory()) return built;
        tree::DirectoryBuilder builder(sink, bounds);
        for (const auto& [item_name, item] : below)
            builder.add(item.build(sink, bounds, item_name));
        const auto directory = builder.finish();
        built.child = directory.top;
        built.totals = directory.totals;
        return built;
    }
};

class ModelTree {
  public:
    ModelTree() { root_.entry.attributes.kind = tree::FileKind::directory; }

    ModelItem* find(std::string_view path) {
        ModelItem* item = &root_;
        while (!path.empty()) {
            const std::size_t end = std::min(path.find('/'), path.size());
            const auto next = item->below.find(std::string(path.substr(0, end)));
            if (next == item->below.end()) return nullptr;
            item = &next->second;
            path.remove_prefix(std::min(end + 1, path.size()));
        }
        return item;
    }
    void put(std::string_view path, ModelItem item) {
        if (path.empty()) {
            root_ = std::move(item);
        } else {
            const auto [parent, name] = split(path);
            parent->below[name] = std::move(item);
        }
    }
    void update(std::string_view path, const tree::Entry& entry) {
        ModelItem item{entry};
        if (ModelItem* before = find(path); before && item.is_directory())
            item.below = std::move(before->below);
        put(path, std::move(item));
    }
    void remove(std::string_view path) {
        const auto [parent, name] = split(path);
        parent->below.erase(name);
    }
    void move(std::string_view from, std::string_view to) {
        const ModelItem* found = find(from);
        if (found == nullptr || from == to) return;
        ModelItem item = *found;
        remove(from);
        put(to, std::move(item));
    }
    NodeId build(store::NodeSink& sink, const tree::NodeBounds& bounds) const {
        tree::DirectoryBuilder builder(sink, bounds);
        builder.add(root_.build(sink, bounds, "root"));
        return builder.finish().top;
    }
    /// Of all items of one sort, "" for the source's directory.
    std::vector<std::string> paths(bool directories_only) const {
        std::vector<std::string> all;
        collect(root_, "", directories_only, all);
        return all;
    }

  private:
    std::pair<ModelItem*, std::string> split(std::string_view path) {
        const std::size_t slash = path.rfind('/');
        if (slash == path.npos) return {&root_, std::string(path)};
        return {find(path.substr(0, slash)), std::string(path.substr(slash + 1))};
    }
    static void collect(const ModelItem& item, const std::string& path, bool directories_only,
                        std::vector<std::string>& all) {
        if (item.is_directory() || !directories_only) all.push_back(path);
        for (const auto& [name, below] : item.below)
            collect(below, path.empty() ? name : path + "/" + name, directories_only, all);
    }
    ModelItem root_;
};

}  // namespace yore::test
