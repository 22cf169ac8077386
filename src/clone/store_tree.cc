// SPDX-License-Identifier: Apache-2.0
/// Stores a clone as a tree: walks down to where rows are, and takes the rest as it lies below.
#include <yore/tree/directory.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "clone/kept_objects.h"
#include "clone/state.h"
#include "clone/store_content.h"

namespace yore::clone {
namespace {

constexpr std::size_t xattr_inline_bytes_max = 4096;
/// In trees, files made in clones are of a file system of their own.
constexpr std::uint16_t clone_file_system = 0xffff;

tree::FileKind kind_of(mode_t mode) {
    switch (mode & mode_t{S_IFMT}) {
        case S_IFDIR:
            return tree::FileKind::directory;
        case S_IFLNK:
            return tree::FileKind::symlink;
        case S_IFBLK:
            return tree::FileKind::block_device;
        case S_IFCHR:
            return tree::FileKind::character_device;
        case S_IFIFO:
            return tree::FileKind::fifo;
        case S_IFSOCK:
            return tree::FileKind::socket;
        default:
            return tree::FileKind::regular;
    }
}

class TreeWriter {
  public:
    TreeWriter(Clone::State& state, store::Writer& writer, const store::Keys& keys,
               const view::MadeObjects& made, const std::stop_token& stop)
        : state_(state),
          writer_(writer),
          bounds_(keys.gear),
          kept_(state.cache, writer, bounds_, made),
          contents_(state.cache, writer, keys, stored_, kept_),
          stop_(stop) {
        find_changes();
    }
    StoredTree run() {
        tree::DirectoryBuilder above(writer_, bounds_);
        tree::Entry top = entry_of(*state_.root, "root");
        above.add(top);
        const auto built = above.finish();
        stored_.root = built.top;
        stored_.totals = top.totals;
        return stored_;
    }

  private:
    void find_changes() {
        state_.table.scan(inode_prefix(), inode_prefix(), [&](ByteView key, ByteView value) {
            const InodeNumber number = decode_inode_key(key);
            rows_.insert(number);
            const InodeRow row = decode_inode(number, value);
            // Other names of it may lie anywhere.
            if (row.lower && !S_ISDIR(row.mode) &&
                state_.entry(*row.lower).attributes().link_count > 1)
                walks_all_ = true;
            return true;
        });
        state_.table.scan(mark_prefix(), mark_prefix(), [&](ByteView key, ByteView) {
            marked_.insert(decode_mark(key));
            return true;
        });
    }
    bool is_as_below(const Child& child) const {
        if (!child.lower || rows_.contains(child.number)) return false;
        return !S_ISDIR(child.type) || (!walks_all_ && !marked_.contains(child.number));
    }

    tree::Entry entry_of(Inode& inode, std::string_view name) {
        if (stop_.stop_requested()) throw Error(Errc::cancelled, "stopped");
        tree::Entry entry;
        entry.name = name;
        struct stat status {};
        {
            const std::shared_lock lock(inode.mutex);
            status = state_.status(inode);
            const InodeRow row = state_.row_or_entry(inode);
            entry.target = row.target;
            entry.xattrs = row.xattrs;
            set_identity(inode, entry.attributes);
        }
        for (tree::Xattr& xattr : entry.xattrs) store_large(xattr);
        tree::Attributes& to = entry.attributes;
        to.kind = kind_of(status.st_mode);
        to.permissions = status.st_mode & 07777;
        to.uid = status.st_uid;
        to.gid = status.st_gid;
        to.link_count = static_cast<std::uint32_t>(status.st_nlink);
        to.device = status.st_rdev;
        to.modified = to_timestamp(status.st_mtim);
        to.changed = to_timestamp(status.st_ctim);
        if (to.kind == tree::FileKind::directory) add_names(inode, entry);
        if (to.kind == tree::FileKind::regular) add_content(inode, entry);
        to.size = to.kind == tree::FileKind::regular ? entry.content.size : entry.target.size();
        return entry;
    }
    void set_identity(const Inode& inode, tree::Attributes& to) const {
        if (const auto& lower = inode.origin()) {
            const tree::Attributes from = state_.entry(*lower).attributes();
            to.inode = from.inode;
            to.file_system = from.file_system;
        } else {
            to.inode = inode.number ^ state_.head.salt;
            to.file_system = clone_file_system;
        }
    }
    void store_large(tree::Xattr& xattr) {
        if (xattr.chunk) return kept_.keep(*xattr.chunk);
        if (xattr.value.size() <= xattr_inline_bytes_max) return;
        xattr.size = static_cast<std::uint32_t>(xattr.value.size());
        xattr.chunk = contents_.put(xattr.value, {});
        xattr.value.clear();
    }
    void add_content(Inode& inode, tree::Entry& entry) {
        const auto known = written_.find(inode.number);
        if (known != written_.end()) {  // another name of it
            entry.content = known->second;
            return;
        }
        const auto lock = state_.lock_to_read(inode);
        entry.content = contents_.store(state_.contents, inode, entry.name);
        if (entry.attributes.link_count > 1) written_.emplace(inode.number, entry.content);
    }
    void add_names(const Inode& directory, tree::Entry& entry) {
        tree::DirectoryBuilder builder(writer_, bounds_);
        state_.visit_names(directory, [&](std::string_view name, const Child& child) {
            if (is_as_below(child))
                kept_.add(state_.entry(*child.lower), builder);
            else
                builder.add(entry_of(*state_.load(child), name));
            return true;
        });
        const auto built = builder.finish();
        entry.child = built.top;
        entry.totals = built.totals;
    }

    Clone::State& state_;
    store::Writer& writer_;
    const tree::NodeBounds bounds_;
    StoredTree stored_;
    KeptObjects kept_;
    ContentStorer contents_;
    const std::stop_token& stop_;
    std::unordered_set<InodeNumber> rows_, marked_;
    bool walks_all_ = false;
    std::unordered_map<InodeNumber, tree::Content> written_;
};

}  // namespace

StoredTree Clone::store(store::Writer& writer, const store::Keys& keys,
                        const view::MadeObjects& made, const std::stop_token& stop) {
    const std::shared_lock names(state_->names);
    const std::unique_lock writes(state_->writes);
    return TreeWriter(*state_, writer, keys, made, stop).run();
}

}  // namespace yore::clone
