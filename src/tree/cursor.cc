// SPDX-License-Identifier: Apache-2.0
#include "tree/cursor.h"

#include <algorithm>

namespace yore::tree {

Cursor::Cursor(const store::ObjectCache& cache, NodeId top) : cache_(&cache), top_(top) {}

Cursor::Cursor(const store::ObjectCache& cache, NodeId top, std::string_view after)
    : cache_(&cache), top_(top) {
    DirectoryNode node = load_lowest();
    while (node.inner) {
        const std::uint32_t place = node.inner->place_of(after);
        path_.push_back({std::move(*node.inner), place});
        node = load_lowest();
    }
    const std::uint32_t place = node.leaf->upper_bound(after);
    enter(std::move(node.leaf), place);
}

Cursor::Cursor(const store::ObjectCache& cache, NodeId top, std::uint64_t place)
    : cache_(&cache), top_(top) {
    DirectoryNode node = load_lowest();
    while (node.inner) {
        std::uint32_t child = 0;
        const std::uint32_t last = node.inner->count() - 1;
        while (child < last && place >= node.inner->entry_count(child)) {
            place -= node.inner->entry_count(child++);
        }
        path_.push_back({std::move(*node.inner), child});
        node = load_lowest();
    }
    const std::uint64_t count = node.leaf->count();
    enter(std::move(node.leaf), static_cast<std::uint32_t>(std::min(place, count)));
}

/// The name at which whatever follows the lowest node starts.
std::optional<std::string_view> Cursor::bound() const {
    for (auto step = path_.rbegin(); step != path_.rend(); ++step) {
        if (step->place + 1 < step->node.count()) return step->node.first_name(step->place + 1);
    }
    return std::nullopt;
}

DirectoryNode Cursor::load_lowest() const {
    if (path_.empty()) return DirectoryNode::load(*cache_, top_);
    return DirectoryNode::load_child(*cache_, path_.back().node, path_.back().place, bound());
}

void Cursor::enter(std::shared_ptr<const Leaf> leaf, std::uint32_t place) {
    leaf_ = std::move(leaf);
    place_ = place;
    if (place_ < leaf_->count()) {
        current_ = leaf_->entry(place_);
    } else {
        next_node();
    }
}

void Cursor::next_node() {
    leaf_ = nullptr;
    while (!path_.empty() && path_.back().place + 1 >= path_.back().node.count()) path_.pop_back();
    if (path_.empty()) {
        at_end_ = true;
    } else {
        ++path_.back().place;
    }
}

bool Cursor::open_one() {
    if (at_end_ || leaf_) return false;
    DirectoryNode node = load_lowest();
    if (node.inner) {
        path_.push_back({std::move(*node.inner), 0});
    } else {
        enter(std::move(node.leaf), 0);
    }
    return true;
}

const EntryView* Cursor::current() {
    while (open_one()) continue;
    return at_end_ ? nullptr : &current_;
}

void Cursor::advance() {
    if (++place_ < leaf_->count()) {
        current_.place_ = place_;
    } else {
        next_node();
    }
}

std::optional<unsigned> Cursor::highest_started() const {
    if (at_end_ || (leaf_ && place_ != 0)) return std::nullopt;
    unsigned depth = lowest();
    while (depth > 0 && path_[depth - 1].place == 0) --depth;
    return depth;
}

void Cursor::skip(unsigned depth) {
    path_.erase(path_.begin() + depth, path_.end());
    next_node();
}

}  // namespace yore::tree
