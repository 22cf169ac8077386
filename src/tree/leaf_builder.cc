// SPDX-License-Identifier: Apache-2.0
#include "tree/leaf_builder.h"

#include <xxhash.h>

#include "tree/time_columns.h"

namespace yore::tree {
namespace {

/// Names and values that a node keeps of one entry. File systems allow more only in odd cases.
constexpr std::size_t entry_xattr_bytes_max = 2u << 20;

void demand(bool condition, std::string_view name, std::string_view what) {
    if (!condition) throw Error(Errc::invalid, fmt::format("entry {}: {}", name, what));
}

/// Tells xattr sets apart: each part behind its length.
std::string key_of(const std::vector<Xattr>& xattrs) {
    std::string key;
    const auto append = [&key](char kind, std::string_view part) {
        const auto size = static_cast<std::uint32_t>(part.size());
        key += kind;
        key.append(reinterpret_cast<const char*>(&size), sizeof size);
        key += part;
    };
    for (const Xattr& xattr : xattrs) {
        append('n', xattr.name);
        if (xattr.chunk) {
            append('c', as_text(xattr.chunk->view()));
            key.append(reinterpret_cast<const char*>(&xattr.size), sizeof xattr.size);
        } else {
            append('v', as_text(xattr.value));
        }
    }
    return key;
}

/// What a caller may get from a file system, and no node takes.
void check_entry(const Entry& entry) {
    std::size_t bytes = 0;
    std::string_view previous;
    for (const Xattr& xattr : entry.xattrs) {
        demand(!xattr.name.empty() && xattr.name.size() <= name_bytes_max &&
                   xattr.name.find('\0') == std::string::npos,
               entry.name, "not a name of an extended attribute");
        YORE_ENSURE(xattr.name > previous);
        YORE_ENSURE(xattr.chunk ? xattr.size > xattr_inline_bytes_max
                                : xattr.value.size() <= xattr_inline_bytes_max);
        previous = xattr.name;
        bytes += xattr.name.size() + xattr.value.size();
    }
    demand(bytes <= entry_xattr_bytes_max, entry.name, "too many extended attributes");
    if (entry.attributes.kind == FileKind::symlink) {
        demand(!entry.target.empty() && entry.target.size() <= target_bytes_max &&
                   entry.target.find('\0') == std::string::npos,
               entry.name, "not a target of a symlink");
    }
}

}  // namespace

template <typename T>
std::size_t LeafBuilder::HashBytes::operator()(const T& item) const {
    return XXH3_64bits(&item, sizeof item);
}

void LeafBuilder::add(const Entry& entry) {
    check_entry(entry);
    const Attributes& attributes = entry.attributes;
    YORE_ENSURE(FileKind::regular <= attributes.kind && attributes.kind <= FileKind::socket);
    const bool regular = attributes.kind == FileKind::regular;
    const bool symlink = attributes.kind == FileKind::symlink;
    const std::uint64_t size = regular ? entry.content.size : symlink ? entry.target.size() : 0;
    add_attributes(attributes, size, number_of(entry.xattrs));
    std::string_view target;
    switch (attributes.kind) {
        case FileKind::regular:
            add_content(entry.content);
            break;
        case FileKind::directory:
            YORE_ENSURE(entry.child.has_value());
            add_directory(*entry.child, entry.totals);
            break;
        case FileKind::symlink:
            target = entry.target;
            break;
        default:
            break;
    }
    finish_row(entry.name, target);
    totals_.add_entry(attributes.kind, size, entry.totals);
}

void LeafBuilder::add(const Leaf& leaf, std::uint32_t place) {
    const Attributes attributes = leaf.attributes(place);
    std::uint32_t xattr_set = 0;
    if (leaf.xattrs(place)) xattr_set = number_of(leaf.entry(place).xattrs());
    add_attributes(attributes, attributes.size, xattr_set);
    Totals below;
    if (const fb::Subdirectory* stored = leaf.subdirectory(place)) {
        below = totals_of(stored->totals());
        add_directory(id_of<NodeId>(stored->top()), below);
    } else if (attributes.kind == FileKind::regular) {
        leaf.content(place, content_);
        add_content(content_);
    }
    finish_row(leaf.name(place), leaf.target(place));
    totals_.add_entry(attributes.kind, attributes.size, below);
}

std::uint32_t LeafBuilder::number_of(const std::vector<Xattr>& xattrs) {
    if (xattrs.empty()) return 0;
    const std::string key = key_of(xattrs);
    const std::uint32_t number = xattr_keys_.number_of(key);
    if (number == xattr_sets_.size()) {
        xattr_sets_.push_back(xattrs);
        xattr_bytes_ += key.size();
    }
    return number + 1;
}

void LeafBuilder::add_attributes(const Attributes& attributes, std::uint64_t size,
                                 std::uint32_t xattr_set) {
    const bool device =
        attributes.kind == FileKind::block_device || attributes.kind == FileKind::character_device;
    YORE_ENSURE(attributes.permissions <= 07777);
    rows_.attribute_set.push_back(attribute_sets_.number_of(fb::AttributeSet(
        device ? attributes.device : 0, attributes.uid, attributes.gid, attributes.link_count,
        xattr_set, static_cast<std::uint16_t>(attributes.permissions), attributes.file_system,
        static_cast<std::uint8_t>(attributes.kind))));
    rows_.size.push_back(size);
    rows_.inode.push_back(attributes.inode);
    const SplitTime modified = split_time(attributes.modified);
    const SplitTime changed = split_time(attributes.changed);
    rows_.modified_seconds.push_back(modified.seconds);
    rows_.modified_nanoseconds.push_back(modified.nanoseconds);
    rows_.changed_seconds.push_back(changed.seconds);
    rows_.changed_nanoseconds.push_back(changed.nanoseconds);
}

void LeafBuilder::add_content(const Content& content) {
    YORE_ENSURE(content.size <= file_bytes_max);
    if (content.list) {
        YORE_ENSURE(content.extents.empty());
        YORE_ENSURE(content.hole_bytes <= content.size);
        lists_.push_back(*content.list);
        rows_.hole_bytes.resize(count_, 0);
        rows_.hole_bytes.push_back(content.hole_bytes);
        rows_.link.push_back(lists_.size());
        return;
    }
    YORE_ENSURE(content.extents.size() <= inline_extents_max);
    std::uint64_t sum = 0;
    for (const Extent& extent : content.extents) {
        YORE_ENSURE(extent.length > 0 && extent.length <= content.size - sum);
        sum += extent.length;
        rows_.extent_length.push_back(extent.length);
        rows_.extent_offset.push_back(extent.chunk ? extent.offset : 0);
        rows_.extent_chunk.push_back(extent.chunk ? chunks_.number_of(*extent.chunk) + 1 : 0);
    }
    YORE_ENSURE(sum == content.size);
}

void LeafBuilder::add_directory(const NodeId& top, const Totals& below) {
    subdirectories_.emplace_back(stored_id(top.view()), stored_totals(below));
    rows_.link.push_back(subdirectories_.size());
}

void LeafBuilder::finish_row(std::string_view name, std::string_view target) {
    ++count_;
    names_ += name;
    targets_ += target;
    rows_.name_ends.push_back(names_.size());
    rows_.target_ends.push_back(targets_.size());
    rows_.extent_ends.push_back(rows_.extent_length.size());
    rows_.link.resize(count_, 0);
    rows_.hole_bytes.resize(count_, 0);
}

std::size_t LeafBuilder::weight() const {
    constexpr std::size_t entry_bytes = 64;
    return names_.size() + targets_.size() + xattr_bytes_ + entry_bytes * count_ +
           sizeof(fb::Id) * (chunks_.items().size() + lists_.size()) +
           sizeof(fb::Subdirectory) * subdirectories_.size();
}

std::string_view LeafBuilder::first_name() const {
    return std::string_view(names_).substr(0, rows_.name_ends.front());
}

std::string_view LeafBuilder::last_name() const {
    const std::size_t start = count_ < 2 ? 0 : rows_.name_ends[count_ - 2];
    return std::string_view(names_).substr(start);
}

namespace {

using XattrSets = flatbuffers::Vector<flatbuffers::Offset<fb::XattrSet>>;

flatbuffers::Offset<fb::Xattr> put(NodeWriter& writer, const Xattr& xattr) {
    const auto name = writer.bytes(xattr.name);
    if (!xattr.chunk) {
        const auto value = writer.bytes(as_text(xattr.value));
        return fb::CreateXattr(writer.buffer(), name, value, nullptr, 0);
    }
    const fb::Id chunk = stored_id(xattr.chunk->view());
    return fb::CreateXattr(writer.buffer(), name, 0, &chunk, xattr.size);
}

flatbuffers::Offset<XattrSets> put(NodeWriter& writer,
                                   const std::vector<std::vector<Xattr>>& sets) {
    if (sets.empty()) return 0;
    std::vector<flatbuffers::Offset<fb::XattrSet>> written;
    for (const std::vector<Xattr>& set : sets) {
        std::vector<flatbuffers::Offset<fb::Xattr>> xattrs;
        for (const Xattr& xattr : set) xattrs.push_back(put(writer, xattr));
        const auto vector = writer.buffer().CreateVector(xattrs);
        written.push_back(fb::CreateXattrSet(writer.buffer(), vector));
    }
    return writer.buffer().CreateVector(written);
}

}  // namespace

NodeId LeafBuilder::write(NodeWriter& writer) {
    std::vector<std::uint8_t> deltas;
    std::array<fb::Column, LeafRows::column_count> columns;
    std::array<const fb::Column*, LeafRows::column_count> stored{};
    std::size_t next = 0;
    for (const LeafRows::Rows* rows : rows_.in_order()) {
        columns[next] = encode_column(*rows, deltas);
        stored[next] = if_any(columns[next]);
        ++next;
    }
    const auto values = writer.vector(deltas.data(), deltas.size());
    const auto names = writer.bytes(names_);
    const auto targets = writer.bytes(targets_);
    const auto attribute_sets = writer.structs(attribute_sets_.items());
    const auto xattr_sets = put(writer, xattr_sets_);
    const auto chunks = writer.ids(chunks_.items());
    const auto subdirectories = writer.structs(subdirectories_);
    const auto lists = writer.ids(lists_);
    const auto extent_count = static_cast<std::uint32_t>(rows_.extent_length.size());
    const NodeId id = writer.put(fb::CreateDirectoryLeaf(
        writer.buffer(), count_, extent_count, stored[0], stored[1], stored[2], stored[3],
        stored[4], stored[5], stored[6], stored[7], stored[8], stored[9], stored[10], stored[11],
        stored[12], stored[13], values, names, targets, attribute_sets, xattr_sets, chunks,
        subdirectories, lists, stored[14]));
    clear();
    return id;
}

void LeafBuilder::clear() {
    count_ = 0;
    names_.clear();
    targets_.clear();
    for (LeafRows::Rows* rows : rows_.in_order()) rows->clear();
    attribute_sets_.clear();
    chunks_.clear();
    xattr_keys_.clear();
    xattr_sets_.clear();
    xattr_bytes_ = 0;
    subdirectories_.clear();
    lists_.clear();
    totals_ = {};
}

}  // namespace yore::tree
