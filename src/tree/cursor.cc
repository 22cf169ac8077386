// SPDX-License-Identifier: Apache-2.0
#include "tree/cursor.h"

namespace yore::tree {

Cursor::Cursor(const store::ObjectCache& cache, NodeId top) : cache_(&cache), top_(top) {
    descend(DirectoryNode::load(cache, top), nullptr);
}

Cursor::Cursor(const store::ObjectCache& cache, NodeId top, std::string_view after)
    : cache_(&cache), top_(top) {
    descend(DirectoryNode::load(cache, top), &after);
}

/// The name at which whatever follows the current child of the last step starts.
std::optional<std::string_view> Cursor::bound() const {
    for (auto step = path_.rbegin(); step != path_.rend(); ++step) {
        if (step->place + 1 < step->node.count()) return step->node.first_name(step->place + 1);
    }
    return std::nullopt;
}

void Cursor::descend(DirectoryNode node, const std::string_view* after) {
    while (node.inner) {
        const std::uint32_t place = after ? node.inner->place_of(*after) : 0;
        path_.push_back({std::move(*node.inner), place});
        node = DirectoryNode::load_child(*cache_, path_.back().node, place, bound());
    }
    const std::uint32_t place = after ? node.leaf->upper_bound(*after) : 0;
    set_leaf(std::move(node.leaf), place);
}

void Cursor::set_leaf(std::shared_ptr<const Leaf> leaf, std::uint32_t place) {
    leaf_ = std::move(leaf);
    place_ = place;
    if (place_ < leaf_->count()) {
        current_ = leaf_->entry(place_);
    } else {
        enter_next_leaf();
    }
}

void Cursor::enter_next_leaf() {
    while (!path_.empty() && path_.back().place + 1 >= path_.back().node.count()) path_.pop_back();
    if (path_.empty()) {
        at_end_ = true;
        return;
    }
    Step& step = path_.back();
    ++step.place;
    descend(DirectoryNode::load_child(*cache_, step.node, step.place, bound()), nullptr);
}

void Cursor::advance() {
    if (++place_ < leaf_->count()) {
        current_.place_ = place_;
    } else {
        enter_next_leaf();
    }
}

std::optional<unsigned> Cursor::highest_started() const {
    if (at_end_ || place_ != 0) return std::nullopt;
    unsigned depth = leaf_depth();
    while (depth > 0 && path_[depth - 1].place == 0) --depth;
    return depth;
}

void Cursor::skip(unsigned depth) {
    path_.erase(path_.begin() + depth, path_.end());
    enter_next_leaf();
}

}  // namespace yore::tree
