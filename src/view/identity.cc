// SPDX-License-Identifier: Apache-2.0
#include <yore/view/identity.h>

#include <cstring>

namespace yore::view {
namespace {

enum class Use : std::uint8_t { generated = 1, top, below, file, linked };

/// Collects fixed-width fields; grows past its stack space only for files with many extents.
class Fields {
  public:
    explicit Fields(Use use) { add(use); }

    template <typename T>
    Fields& add(const T& value) {
        static_assert(std::has_unique_object_representations_v<T>);
        return bytes({reinterpret_cast<const std::byte*>(&value), sizeof value});
    }
    Fields& bytes(ByteView view) {
        if (view.empty()) return *this;
        if (heap_.empty() && used_ + view.size() <= stack_.size()) {
            std::memcpy(stack_.data() + used_, view.data(), view.size());
            used_ += view.size();
            return *this;
        }
        if (heap_.empty()) heap_.assign(stack_.begin(), stack_.begin() + used_);
        heap_.insert(heap_.end(), view.begin(), view.end());
        return *this;
    }
    Fields& text(std::string_view text) {
        add(static_cast<std::uint64_t>(text.size()));
        return bytes(as_bytes(text));
    }
    ByteView view() const {
        return heap_.empty() ? ByteView(stack_.data(), used_) : ByteView(heap_);
    }

  private:
    std::array<std::byte, 1024> stack_;  // not zeroed: a pass over it would double the cost
    std::size_t used_ = 0;
    Bytes heap_;
};

void add_extents(Fields& fields, const tree::Content& content) {
    fields.add(content.list.has_value());
    if (content.list) fields.bytes(content.list->view());
    for (const tree::Extent& extent : content.extents) {
        fields.add(extent.length).add(extent.offset).add(extent.chunk.has_value());
        if (extent.chunk) fields.bytes(extent.chunk->view());
    }
}

/// Attributes, target, bytes and xattrs: all that the kernel may keep of one inode. The number of
/// extents and xattrs follows from the lengths of both, which are hashed first.
void add_file(Fields& fields, const tree::EntryView& entry, const tree::Attributes& stat,
              const tree::Content& content) {
    fields.add(stat.kind).add(stat.permissions).add(stat.uid).add(stat.gid).add(stat.link_count);
    fields.add(stat.size).add(stat.device).add(stat.modified.ns).add(stat.changed.ns);
    if (stat.kind == tree::FileKind::symlink) fields.text(entry.target());
    if (stat.kind == tree::FileKind::regular) add_extents(fields, content);
    if (!entry.has_xattrs()) return;
    for (const tree::Xattr& xattr : entry.xattrs()) {
        fields.text(xattr.name).add(xattr.chunk.has_value());
        if (xattr.chunk)
            fields.bytes(xattr.chunk->view());
        else
            fields.text(as_text(xattr.value));
    }
}

}  // namespace

std::uint64_t Identity::inode_number() const {
    return words[0] < 2 ? words[0] + 2 : words[0];  // 0 means none, 1 is the root
}

Identity Identities::generated(NodeKind kind, std::uint32_t source, std::string_view detail) const {
    return {hash_.hash(Fields(Use::generated).add(kind).add(source).text(detail).view())};
}

Identity Identities::top(const Identity& directory, std::string_view name,
                         const SnapshotId& snapshot) const {
    Fields fields(Use::top);
    fields.add(directory.words).bytes(snapshot.view()).text(name);
    return {hash_.hash(fields.view())};
}

Identity Identities::below(const Identity& directory, std::string_view name) const {
    return {hash_.hash(Fields(Use::below).add(directory.words).text(name).view())};
}

Identity Identities::file(const Identity& path, const tree::EntryView& entry,
                          const tree::Attributes& stat, const tree::Content& content) const {
    Fields fields(Use::file);
    fields.add(path.words);
    add_file(fields, entry, stat, content);
    return {hash_.hash(fields.view())};
}

Identity Identities::linked(const SnapshotId& snapshot, const tree::EntryView& entry,
                            const tree::Attributes& stat, const tree::Content& content) const {
    Fields fields(Use::linked);
    fields.bytes(snapshot.view()).add(stat.file_system).add(stat.inode);
    add_file(fields, entry, stat, content);
    return {hash_.hash(fields.view())};
}

}  // namespace yore::view
