// SPDX-License-Identifier: Apache-2.0
#include "tree/leaf.h"

#include "tree/partition.h"
#include "tree/time_columns.h"

namespace yore::tree {

Leaf::Leaf(const NodeId& id, SharedNode node, const fb::DirectoryLeaf& body)
    : id_(id), node_(std::move(node)), body_(&body), names_(text_of(body.names())) {
    YORE_ENSURE(columns_.open(body));
}

std::shared_ptr<const Leaf> Leaf::load(const store::ObjectCache& cache, const NodeId& id) {
    SharedNode node = cache.node(id, check_node);
    const auto& body = body_of<fb::DirectoryLeaf>(id, *node, "not a leaf of a directory");
    return std::make_shared<const Leaf>(id, std::move(node), body);
}

EntryView Leaf::entry(std::uint32_t place) const {
    EntryView view;
    view.leaf_ = shared_from_this();
    view.place_ = place;
    return view;
}

std::uint32_t Leaf::lower_bound(std::string_view wanted) const {
    return partition_place(count(), [&](std::uint32_t place) { return name(place) < wanted; });
}

std::uint32_t Leaf::upper_bound(std::string_view wanted) const {
    return partition_place(count(), [&](std::uint32_t place) { return name(place) <= wanted; });
}

Totals Leaf::totals() const {
    Totals totals;
    for (std::uint32_t place = 0; place < count(); ++place) {
        const fb::Subdirectory* below = subdirectory(place);
        totals.add_entry(kind(place), columns_.size.at(place),
                         below ? totals_of(below->totals()) : Totals{});
    }
    return totals;
}

Attributes Leaf::attributes(std::uint32_t place) const {
    const fb::AttributeSet& set = attribute_set(place);
    Attributes attributes;
    attributes.kind = static_cast<FileKind>(set.kind());
    attributes.permissions = set.permissions();
    attributes.uid = set.uid();
    attributes.gid = set.gid();
    attributes.link_count = set.link_count();
    attributes.size = columns_.size.at(place);
    attributes.device = set.device();
    attributes.inode = columns_.inode.at(place);
    attributes.file_system = set.file_system();
    attributes.modified =
        join_time(columns_.modified_seconds.at(place), columns_.modified_nanoseconds.at(place));
    attributes.changed =
        join_time(columns_.changed_seconds.at(place), columns_.changed_nanoseconds.at(place));
    return attributes;
}

std::string_view Leaf::target(std::uint32_t place) const {
    const std::uint32_t start = columns_.target_ends.before32(place);
    return {text_of(body_->targets()) + start, columns_.target_ends.at32(place) - start};
}

const fb::Subdirectory* Leaf::subdirectory(std::uint32_t place) const {
    if (kind(place) != FileKind::directory) return nullptr;
    return body_->subdirectories()->Get(columns_.link.at32(place) - 1);
}

void Leaf::content(std::uint32_t place, Content& content) const {
    content.size = 0;
    content.hole_bytes = 0;
    content.extents.clear();
    content.list.reset();
    if (kind(place) != FileKind::regular) return;
    content.size = columns_.size.at(place);
    if (const std::uint32_t link = columns_.link.at32(place); link != 0) {
        content.list = id_of<NodeId>(*body_->lists()->Get(link - 1));
        content.hole_bytes = columns_.hole_bytes.at(place);
        return;
    }
    const std::uint32_t end = columns_.extent_ends.at32(place);
    std::uint32_t row = columns_.extent_ends.before32(place);
    content.extents.reserve(end - row);
    for (; row < end; ++row) {
        Extent extent;
        extent.length = columns_.extent_length.at(row);
        if (const std::uint32_t chunk = columns_.extent_chunk.at32(row); chunk != 0) {
            extent.chunk = id_of<ChunkId>(*body_->chunks()->Get(chunk - 1));
            extent.offset = columns_.extent_offset.at32(row);
        } else {
            content.hole_bytes += extent.length;
        }
        content.extents.push_back(extent);
    }
}

const fb::XattrSet* Leaf::xattrs(std::uint32_t place) const {
    const std::uint32_t number = attribute_set(place).xattrs();
    return number == 0 ? nullptr : body_->xattr_sets()->Get(number - 1);
}

}  // namespace yore::tree
