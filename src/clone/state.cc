// SPDX-License-Identifier: Apache-2.0
/// A clone's life, and its inodes.
#include "clone/state.h"

#include <yore/base/file.h>
#include <yore/base/log.h>
#include <yore/base/random.h>
#include <yore/tree/uncertain.h>

#include <algorithm>
#include <filesystem>

#include <sys/sysmacros.h>

namespace yore::clone {
namespace {

/// Numbers that are given out are noted that many at a time.
constexpr InodeNumber numbers_at_once = 1u << 16;
constexpr InodeNumber first_number = view::writable_root + 1;
/// Numbers of what the tree below has are above all others.
constexpr InodeNumber lower_bit = InodeNumber{1} << 63;
constexpr std::chrono::seconds doomed_for{1};
constexpr blksize_t preferred_bytes = 128 * 1024;

mode_t type_of(tree::FileKind kind) {
    switch (kind) {
        case tree::FileKind::directory:
            return S_IFDIR;
        case tree::FileKind::symlink:
            return S_IFLNK;
        case tree::FileKind::block_device:
            return S_IFBLK;
        case tree::FileKind::character_device:
            return S_IFCHR;
        case tree::FileKind::fifo:
            return S_IFIFO;
        case tree::FileKind::socket:
            return S_IFSOCK;
        case tree::FileKind::regular:
            break;
    }
    return S_IFREG;
}

tree::EntryView top_entry(const store::ObjectCache& cache, const NodeId& root) {
    std::optional<tree::EntryView> top;
    tree::Directory(cache, root).scan("", [&](const tree::EntryView& entry) {
        top = entry;
        return false;
    });
    if (!top || top->kind() != tree::FileKind::directory)
        throw Error(Errc::corrupt, fmt::format("node {}: not a tree's root", root.short_hex()));
    return *top;
}

TableHead read_head(const store::LocalTable& table, const std::string& directory) {
    const auto row = table.get(head_key());
    if (!row) return {};
    return doing([&] { return directory; }, [&] { return decode_head(*row); });
}

}  // namespace

std::uint64_t random_salt() {
    std::uint64_t salt = 0;
    SystemRandom().fill({reinterpret_cast<std::byte*>(&salt), sizeof salt});
    return salt;
}

Clone::State::State(const store::ObjectCache& decoded, const view::Identities& keyed,
                    std::string where, const NodeId& below, const CloneOptions& options)
    : cache(decoded),
      identities(keyed),
      home(std::move(where)),
      table(table_path(home)),
      files(files_path(home), options.bytes_max,
            [this](const DataName& name) { return is_wanted(name); }),
      clock(clock_path(home)),
      contents(cache, table, files, clock),
      head(read_head(table, home)) {
    if (head.next_number == 0) head = {below, random_salt(), first_number};
    if (head.root != below) throw Error(Errc::corrupt, home + ": it was made over another tree");
    next_number = head.next_number;
    const tree::EntryView top = top_entry(cache, below);
    const Lower lower{top.leaf(), top.place(),
                      identities.generated(view::NodeKind::stored, 0, "clone")};
    root = load({view::writable_root, S_IFDIR, lower, nullptr});
    remove_orphans();
    remover_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Clone::State::~State() {
    remover_.request_stop();
    remover_.join();
    try {
        remove_doomed();
    } catch (const Error& error) {
        log_error("{}: {}", home, error.what());
    }
}

bool Clone::State::is_wanted(const DataName& name) const {
    const auto value = table.get(inode_key(name.number));
    if (!value) return false;
    const InodeRow row = decode_inode(name.number, *value);
    return row.has_data && row.generation == name.generation;
}

void Clone::State::remove_orphans() {
    std::vector<InodeNumber> orphans;
    table.scan(orphan_prefix(), orphan_prefix(), [&](ByteView key, ByteView) {
        orphans.push_back(decode_orphan(key));
        return true;
    });
    for (const InodeNumber number : orphans)
        if (const auto value = table.get(inode_key(number)))
            remove_rows(Inode(number, decode_inode(number, *value)));
    remove_doomed();
}

void Clone::State::run(const std::stop_token& stop) {
    while (files.wait_for_doomed(stop, doomed_for)) {
        try {
            remove_doomed();
        } catch (const Error& error) {
            log_error("{}: {}", home, error.what());
        }
    }
}

void Clone::State::remove_doomed() {
    const auto doomed = files.take_doomed();
    if (doomed.empty()) return;
    table.sync();
    for (const DataName& name : doomed) files.remove(name);
}

InodeNumber Clone::State::new_number() {
    if (next_number == head.next_number) {
        TableHead next = head;
        next.next_number += numbers_at_once;
        table.write({put_head(next)});
        head = next;
    }
    return next_number++;
}

InodePointer Clone::State::load(const Child& child) const {
    if (auto known = find(child.number)) return known;
    InodePointer inode;
    if (const auto value = table.get(inode_key(child.number)))
        inode = std::make_shared<Inode>(child.number, decode_inode(child.number, *value));
    else if (child.lower)
        inode = std::make_shared<Inode>(child.number, *child.lower);
    else
        throw Error(Errc::corrupt, fmt::format("{}: inode {} has no row", home, child.number));
    inode->above = child.above;
    if (S_ISDIR(child.type)) {
        auto self = std::make_shared<Above>();
        self->number = child.number;
        self->up = child.above;
        inode->self = std::move(self);
    }
    if (inode->row && inode->row->is_cut) contents.make_ready(*inode);
    return inode;
}

void Clone::State::mark_above(const Inode& inode) {
    if (inode.row) return;
    std::vector<store::RowChange> marks;
    for (const Above* at = inode.above.get(); at && !at->is_marked; at = at->up.get())
        marks.push_back(put_mark(at->number));
    if (marks.empty()) return;
    table.write(marks);
    for (const Above* at = inode.above.get(); at && !at->is_marked; at = at->up.get())
        at->is_marked = true;
}

InodeRow Clone::State::row_or_entry(const Inode& inode) const {
    if (inode.row) return *inode.row;
    const tree::EntryView found = entry(inode.lower.value());
    const tree::Attributes from = found.attributes();
    InodeRow row;
    row.mode = type_of(from.kind) | (from.permissions & 07777);
    row.uid = from.uid;
    row.gid = from.gid;
    row.link_count = std::max(1u, from.link_count);
    row.device = from.device;
    row.accessed = row.modified = from.modified;
    row.changed = from.changed;
    for (tree::Xattr& xattr : found.xattrs())
        if (xattr.name != tree::uncertain_mark) row.xattrs.push_back(std::move(xattr));
    row.target = found.target();
    row.lower = inode.lower;
    if (from.kind == tree::FileKind::regular) row.size = row.lower_end = from.size;
    return row;
}

void Clone::State::give_row(Inode& inode) {
    mark_above(inode);
    if (!inode.row) inode.row = std::make_unique<InodeRow>(row_or_entry(inode));
}

struct stat Clone::State::status(const Inode& inode) const {
    struct stat to {};
    to.st_ino = inode.number;
    to.st_blksize = preferred_bytes;
    std::uint64_t hole_bytes = 0;
    InodeRow entry_row;
    if (!inode.row) {
        entry_row = row_or_entry(inode);
        if (S_ISREG(entry_row.mode)) hole_bytes = entry(inode.lower.value()).content().hole_bytes;
    }
    const InodeRow& row = inode.row ? *inode.row : entry_row;
    to.st_mode = row.mode;
    to.st_nlink = row.link_count;
    to.st_uid = row.uid;
    to.st_gid = row.gid;
    to.st_rdev = row.device;
    to.st_atim = to_timespec(row.accessed);
    to.st_mtim = to_timespec(row.modified);
    to.st_ctim = to_timespec(row.changed);
    if (S_ISLNK(row.mode)) to.st_size = static_cast<off_t>(row.target.size());
    if (S_ISREG(row.mode) && inode.row) {
        contents.fill(inode, to);
    } else if (S_ISREG(row.mode)) {
        to.st_size = static_cast<off_t>(row.size);
        to.st_blocks = static_cast<blkcnt_t>((row.size - hole_bytes + 4095) / 4096 * 8);
    }
    return to;
}

struct stat Clone::State::locked_status(Inode& inode) const {
    const std::shared_lock lock(inode.mutex);
    return status(inode);
}

struct stat Clone::State::known_status(const InodePointer& inode) {
    const InodePointer known = inode->number == view::writable_root ? root : inodes.look_up(inode);
    return locked_status(*known);
}

std::shared_lock<std::shared_mutex> Clone::State::lock_to_read(Inode& inode) {
    while (true) {
        std::shared_lock shared(inode.mutex);
        if (Contents::is_ready(inode)) return shared;
        shared.unlock();
        const std::unique_lock alone(inode.mutex);
        contents.make_ready(inode);
    }
}

void Clone::State::release(const Inode& inode) {
    const std::shared_lock lock(inode.mutex);
    if (!inode.row || inode.row->link_count > 0 || inodes.find(inode.number)) return;
    remove_rows(inode);
}

void Clone::State::remove_rows(const Inode& inode) {
    std::vector<store::RowChange> changes;
    contents.remove_rows(inode, changes);
    changes.push_back({inode_key(inode.number), std::nullopt});
    changes.push_back({orphan_key(inode.number), std::nullopt});
    table.write(changes);
    contents.remove_data(inode);
}

Child Clone::State::child_below(const Directory& directory, const tree::EntryView& found) const {
    const tree::Attributes stat = found.attributes();
    Lower lower{found.leaf(), found.place(), {}};
    const bool is_linked = stat.link_count > 1 && stat.kind != tree::FileKind::directory;
    lower.identity = is_linked ? identities.linked({}, found, stat, found.content())
                               : identities.below(directory.identity, found.name());
    return {lower.identity.inode_number() | lower_bit, type_of(stat.kind), lower, directory.self};
}

}  // namespace yore::clone
