// SPDX-License-Identifier: Apache-2.0
/// A directory leaf, read in place: what an EntryView points into.
#pragma once

#include <yore/tree/directory.h>

#include "tree/leaf_columns.h"
#include "tree/node.h"

namespace yore::tree {

class Leaf : public std::enable_shared_from_this<Leaf> {
  public:
    /// `body` is part of `node` and checked.
    Leaf(const NodeId& id, SharedNode node, const fb::DirectoryLeaf& body);
    /// A node that is no leaf of a directory: `corrupt`.
    static std::shared_ptr<const Leaf> load(const store::ObjectCache&, const NodeId&);

    const NodeId& id() const { return id_; }
    std::uint32_t count() const { return body_->entry_count(); }
    EntryView entry(std::uint32_t place) const;
    /// The first entry whose name is not less (greater, when `after`) than `name`.
    std::uint32_t lower_bound(std::string_view name) const;
    std::uint32_t upper_bound(std::string_view name) const;
    Totals totals() const;

    std::string_view name(std::uint32_t place) const {
        const std::uint32_t start = columns_.name_ends.before32(place);
        return {names_ + start, columns_.name_ends.at32(place) - start};
    }
    FileKind kind(std::uint32_t place) const {
        return static_cast<FileKind>(attribute_set(place).kind());
    }
    Attributes attributes(std::uint32_t place) const;
    std::string_view target(std::uint32_t place) const;
    const fb::Subdirectory* subdirectory(std::uint32_t place) const;
    /// Overwrites `content`, whose memory is used again.
    void content(std::uint32_t place, Content& content) const;
    /// nullptr: none.
    const fb::XattrSet* xattrs(std::uint32_t place) const;

  private:
    const fb::AttributeSet& attribute_set(std::uint32_t place) const {
        return *body_->attribute_sets()->Get(columns_.attribute_set.at32(place));
    }

    NodeId id_;
    SharedNode node_;
    const fb::DirectoryLeaf* body_;
    const char* names_;
    LeafColumns columns_;
};

}  // namespace yore::tree
