// SPDX-License-Identifier: Apache-2.0
// Rules for directory nodes. One pass over the entries, no allocation; measured in
// tests/bench/bench_tree.cc.
#include <utility>

#include "tree/leaf_columns.h"
#include "tree/node.h"
#include "tree/time_columns.h"

namespace yore::tree {
namespace {

const char* problem_in_name(const char* name, std::size_t length) {
    if (length == 0 || length > name_bytes_max) return "a name is empty or too long";
    if (name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.'))) {
        return "a name is . or ..";
    }
    return nullptr;
}

/// Names that end at `ends` in `names`: legal, strictly ascending, filling it exactly.
const char* problem_in_names(const flatbuffers::Vector<std::uint8_t>* names, const Column& ends,
                             std::uint32_t count) {
    const char* text = text_of(names);
    const std::uint64_t size = size_of(names);
    if (size > 0 && (std::memchr(text, '/', size) || std::memchr(text, '\0', size))) {
        return "a name holds / or NUL";
    }
    std::string_view previous;
    std::uint64_t start = 0;
    for (std::uint32_t row = 0; row < count; ++row) {
        const std::uint64_t end = ends.at(row);
        if (end < start || end > size) return "a name is out of bounds";
        if (const char* problem = problem_in_name(text + start, end - start)) return problem;
        const std::string_view name(text + start, end - start);
        if (name <= previous) return "names are not sorted";
        previous = name;
        start = end;
    }
    return start == size ? nullptr : "bytes behind the last name";
}

/// Something numbered in the order of its first use: any number seen so far, or the next.
class FirstUse {
  public:
    explicit FirstUse(std::uint32_t count) : count_(count) {}
    bool accept(std::uint64_t number) {
        if (number > seen_ || number >= count_) return false;
        if (number == seen_) ++seen_;
        return true;
    }
    bool all_used() const { return seen_ == count_; }

  private:
    std::uint32_t count_;
    std::uint64_t seen_ = 0;
};

const char* problem_in(const fb::AttributeSet& set, FirstUse& xattr_sets) {
    const auto kind = static_cast<FileKind>(set.kind());
    if (kind < FileKind::regular || kind > FileKind::socket) return "an unknown kind of file";
    if (set.permissions() > 07777) return "permissions out of range";
    const bool device = kind == FileKind::block_device || kind == FileKind::character_device;
    if (!device && set.device() != 0) return "a device number without a device";
    if (set.xattrs() != 0 && !xattr_sets.accept(set.xattrs() - 1)) {
        return "an xattr set is out of bounds or out of order";
    }
    return nullptr;
}

const char* problem_in(const fb::XattrSet& set) {
    std::string_view previous;
    if (set.xattrs()->size() == 0) return "an empty xattr set";
    for (const fb::Xattr* xattr : *set.xattrs()) {
        const std::string_view name(text_of(xattr->name()), xattr->name()->size());
        if (name.empty() || name.size() > name_bytes_max ||
            name.find('\0') != std::string_view::npos) {
            return "an illegal xattr name";
        }
        if (name <= previous) return "xattrs are not sorted";
        previous = name;
        const bool chunk = xattr->chunk() != nullptr;
        if (chunk ? size_of(xattr->value()) != 0 || xattr->size() <= xattr_inline_bytes_max ||
                        xattr->size() > store::chunk_bytes_max
                  : size_of(xattr->value()) > xattr_inline_bytes_max || xattr->size() != 0) {
            return "the size of an xattr is out of range";
        }
    }
    return nullptr;
}

const char* problem_in_sets(const fb::DirectoryLeaf& leaf) {
    FirstUse xattr_sets(size_of(leaf.xattr_sets()));
    for (std::uint32_t i = 0; i < size_of(leaf.attribute_sets()); ++i) {
        if (const char* problem = problem_in(*leaf.attribute_sets()->Get(i), xattr_sets)) {
            return problem;
        }
    }
    if (!xattr_sets.all_used()) return "an unused xattr set";
    for (std::uint32_t i = 0; i < size_of(leaf.xattr_sets()); ++i) {
        if (const char* problem = problem_in(*leaf.xattr_sets()->Get(i))) return problem;
    }
    return nullptr;
}

/// Walks the entries of a leaf whose names and sets are in order.
class EntryCheck {
  public:
    EntryCheck(const fb::DirectoryLeaf& leaf, const LeafColumns& columns)
        : leaf_(leaf),
          columns_(columns),
          sets_(size_of(leaf.attribute_sets())),
          chunks_(size_of(leaf.chunks())),
          lists_(size_of(leaf.lists())),
          targets_bytes_(size_of(leaf.targets())) {}

    const char* run() {
        for (std::uint32_t row = 0; row < leaf_.entry_count(); ++row) {
            if (const char* problem = entry(row)) return problem;
        }
        if (!sets_.all_used()) return "an unused attribute set";
        if (!chunks_.all_used()) return "an unused chunk";
        if (!lists_.all_used()) return "an unused list";
        if (subdirectories_ != size_of(leaf_.subdirectories())) return "an unused subdirectory";
        if (extent_ != leaf_.extent_count()) return "an unused extent";
        if (target_end_ != targets_bytes_) return "bytes behind the last target";
        return nullptr;
    }

  private:
    const char* entry(std::uint32_t row) {
        const std::uint64_t set = columns_.attribute_set.at(row);
        if (!sets_.accept(set)) return "an attribute set is out of bounds or out of order";
        if (!are_times(columns_.modified_seconds.at(row), columns_.modified_nanoseconds.at(row)) ||
            !are_times(columns_.changed_seconds.at(row), columns_.changed_nanoseconds.at(row))) {
            return "a time is out of range";
        }
        const std::uint64_t target_end = columns_.target_ends.at(row);
        if (target_end < target_end_ || target_end > targets_bytes_) {
            return "a target is out of bounds";
        }
        const std::uint64_t target_bytes = target_end - std::exchange(target_end_, target_end);
        const std::uint64_t extent_end = columns_.extent_ends.at(row);
        if (extent_end < extent_ || extent_end > leaf_.extent_count()) {
            return "an extent is out of bounds";
        }
        const auto kind = static_cast<FileKind>(
            leaf_.attribute_sets()->Get(static_cast<std::uint32_t>(set))->kind());
        if (kind != FileKind::regular && extent_end != extent_) return "extents without a file";
        if (kind != FileKind::symlink && target_bytes != 0) return "a target without a symlink";
        const std::uint64_t listed = columns_.link.at(row) == 0 ? 0 : columns_.size.at(row);
        if (columns_.hole_bytes.at(row) > listed) return "more holes than bytes";
        switch (kind) {
            case FileKind::regular:
                return content(row, static_cast<std::uint32_t>(extent_end));
            case FileKind::directory:
                return directory(row);
            case FileKind::symlink:
                return symlink(row, target_bytes);
            default:
                return other(row);
        }
    }

    const char* content(std::uint32_t row, std::uint32_t extent_end) {
        const std::uint64_t size = columns_.size.at(row);
        if (size > file_bytes_max) return "a size is out of range";
        if (const std::uint64_t link = columns_.link.at(row); link != 0) {
            if (!lists_.accept(link - 1)) return "a list is out of bounds or out of order";
            return extent_end == extent_ ? nullptr : "a file with a list and extents";
        }
        if (extent_end - extent_ > inline_extents_max) return "too many extents in a leaf";
        std::uint64_t left = size;
        for (; extent_ < extent_end; ++extent_) {
            const std::uint64_t length = columns_.extent_length.at(extent_);
            if (length == 0 || length > left) return "extents do not sum to the size";
            left -= length;
            if (const char* problem = extent(length)) return problem;
        }
        return left == 0 ? nullptr : "extents do not sum to the size";
    }
    const char* extent(std::uint64_t length) {
        const std::uint64_t offset = columns_.extent_offset.at(extent_);
        const std::uint64_t chunk = columns_.extent_chunk.at(extent_);
        if (chunk == 0) return offset == 0 ? nullptr : "a hole with an offset";
        if (!chunks_.accept(chunk - 1)) return "a chunk is out of bounds or out of order";
        const bool fits =
            offset < store::chunk_bytes_max && length <= store::chunk_bytes_max - offset;
        return fits ? nullptr : "an extent is larger than a chunk";
    }
    const char* directory(std::uint32_t row) {
        ++subdirectories_;
        if (columns_.link.at(row) != subdirectories_ ||
            subdirectories_ > size_of(leaf_.subdirectories())) {
            return "a subdirectory is out of bounds or out of order";
        }
        return columns_.size.at(row) == 0 ? nullptr : "a directory with a size";
    }
    const char* symlink(std::uint32_t row, std::uint64_t target_bytes) {
        if (target_bytes == 0 || target_bytes > target_bytes_max ||
            columns_.size.at(row) != target_bytes) {
            return "the size of a symlink is out of range";
        }
        const char* target = text_of(leaf_.targets()) + (target_end_ - target_bytes);
        if (std::memchr(target, '\0', target_bytes)) return "a target holds NUL";
        return columns_.link.at(row) == 0 ? nullptr : "a symlink with a node";
    }
    const char* other(std::uint32_t row) {
        return columns_.size.at(row) == 0 && columns_.link.at(row) == 0
                   ? nullptr
                   : "a special file with content";
    }

    const fb::DirectoryLeaf& leaf_;
    const LeafColumns& columns_;
    FirstUse sets_, chunks_, lists_;
    std::uint32_t subdirectories_ = 0, extent_ = 0;
    std::uint64_t target_end_ = 0, targets_bytes_;
};

}  // namespace

const char* problem_in(const fb::DirectoryLeaf& leaf) {
    if (leaf.entry_count() > leaf_entries_max ||
        leaf.extent_count() > leaf_entries_max * inline_extents_max) {
        return "too many entries";
    }
    if (!is_aligned(leaf.attribute_sets()) || !is_aligned(leaf.subdirectories())) {
        return "not aligned";
    }
    LeafColumns columns;
    if (!columns.open(leaf)) return "the columns do not fit their values";
    if (const char* problem =
            problem_in_names(leaf.names(), columns.name_ends, leaf.entry_count())) {
        return problem;
    }
    if (const char* problem = problem_in_sets(leaf)) return problem;
    return EntryCheck(leaf, columns).run();
}

const char* problem_in(const fb::DirectoryInner& inner) {
    const std::uint32_t count = size_of(inner.children());
    if (count == 0 || count > inner_children_max) return "too few or too many children";
    if (!is_aligned(inner.children())) return "not aligned";
    if (inner.level() == 0 || inner.level() > level_max) return "the level is out of range";
    Column name_ends;
    ColumnSource source(inner.values());
    if (!source.take(inner.name_ends(), count, name_ends) || !source.empty()) {
        return "the columns do not fit their values";
    }
    std::uint64_t entries = 0;
    for (const fb::DirectoryChild* child : *inner.children()) {
        if (child->entry_count() == 0) return "an empty child";
        if (__builtin_add_overflow(entries, child->entry_count(), &entries)) {
            return "too many entries";
        }
    }
    return problem_in_names(inner.names(), name_ends, count);
}

}  // namespace yore::tree
