// SPDX-License-Identifier: Apache-2.0
/// Collects the entries of one directory leaf as columns and writes them as a node.
#pragma once

#include <yore/tree/directory.h>

#include <array>
#include <string>

#include "tree/leaf.h"
#include "tree/node_writer.h"
#include "tree/numbering.h"

namespace yore::tree {

class LeafBuilder {
  public:
    /// The name is legal and greater than the last one's. What it holds of xattrs, links and
    /// extents is within the limits of node.h, else `invalid`.
    void add(const Entry&);
    void add(const Leaf&, std::uint32_t place);

    std::uint32_t count() const { return count_; }
    /// About how many bytes the node will have.
    std::size_t weight() const;
    std::string_view first_name() const;
    std::string_view last_name() const;
    const Totals& totals() const { return totals_; }

    /// Writes the node and starts anew.
    NodeId write(NodeWriter&);

  private:
    struct HashBytes {
        template <typename T>
        std::size_t operator()(const T& item) const;
    };
    struct EqualBytes {
        template <typename T>
        bool operator()(const T& a, const T& b) const {
            return std::memcmp(&a, &b, sizeof a) == 0;
        }
    };
    void add_attributes(const Attributes&, std::uint64_t size, std::uint32_t xattr_set);
    void add_content(const Content&);
    void add_directory(const NodeId& top, const Totals& below);
    void finish_row(std::string_view name, std::string_view target);
    std::uint32_t number_of(const std::vector<Xattr>&);
    void clear();

    std::uint32_t count_ = 0;
    std::string names_, targets_;
    LeafRows rows_;
    Numbering<fb::AttributeSet, HashBytes, EqualBytes> attribute_sets_;
    Numbering<ChunkId, std::hash<ChunkId>> chunks_;
    Numbering<std::string, std::hash<std::string>> xattr_keys_;
    std::vector<std::vector<Xattr>> xattr_sets_;
    std::size_t xattr_bytes_ = 0;
    std::vector<fb::Subdirectory> subdirectories_;
    std::vector<NodeId> lists_;
    Content content_;  // of the entry that is added
    Totals totals_;
};

}  // namespace yore::tree
