// SPDX-License-Identifier: Apache-2.0
#include "mount/listing.h"

#include <algorithm>
#include <vector>

#include "mount/attributes.h"
#include "mount/session.h"

namespace yore::mount {
namespace {

/// An entry's offset is its cookie behind those of the dots, so that a listing goes on with
/// nothing kept between two requests, and with no open directory.
constexpr std::uint64_t dot_offset = 1, dot_dot_offset = 2;

/// A name that the kernel is to look up by itself: with no node behind it.
fuse_entry_param name_only(tree::FileKind kind) {
    fuse_entry_param entry{};
    entry.attr.st_mode = type_of(kind);
    entry.attr.st_ino = 2;  // any: 0 would mean that the name was removed
    return entry;
}

/// One reply to a listing, filled as far as the kernel's buffer goes. What it was told of is
/// looked up; if the reply does not arrive, these lookups never were.
class Page {
  public:
    Page(fuse_req_t request, std::size_t size, InodeTable& inodes)
        : request_(request), bytes_(size), inodes_(inodes) {}

    /// False: there is no room for it.
    bool add_dots(std::uint64_t offset, const view::Node& directory, mode_t type) {
        fuse_entry_param dot{};
        dot.attr.st_mode = type;
        dot.attr.st_ino = directory.identity.inode_number();
        if (offset < dot_offset && !add(".", dot, dot_offset)) return false;
        return offset >= dot_dot_offset || add("..", dot, dot_dot_offset);
    }
    bool add(const view::Listing& listing, const view::Node& directory, NodeNumber parent) {
        name_.assign(listing.name);
        const std::uint64_t offset = dot_dot_offset + listing.cookie;
        if (!listing.node) return add(name_.c_str(), name_only(listing.kind), offset);
        const NodeNumber number =
            inodes_.look_up(*listing.node, listing.kind, name_in(directory, parent, listing.name));
        if (!add(name_.c_str(), entry_of(number, *listing.node, listing.attributes), offset)) {
            inodes_.forget(number, 1);
            return false;
        }
        looked_up_.push_back(number);
        return true;
    }
    void reply() {
        const auto* bytes = reinterpret_cast<const char*>(bytes_.data());
        if (fuse_reply_buf(request_, bytes, used_) == 0) return;
        for (const NodeNumber number : looked_up_) inodes_.forget(number, 1);
    }
    bool empty() const { return used_ == 0; }

  private:
    bool add(const char* name, const fuse_entry_param& entry, std::uint64_t offset) {
        const std::size_t left = bytes_.size() - used_;
        const std::size_t taken =
            fuse_add_direntry_plus(request_, reinterpret_cast<char*>(bytes_.data()) + used_, left,
                                   name, &entry, static_cast<off_t>(offset));
        if (taken > left) return false;
        used_ += taken;
        return true;
    }

    fuse_req_t request_;
    Buffer bytes_;
    std::size_t used_ = 0;
    InodeTable& inodes_;
    std::vector<NodeNumber> looked_up_;
    std::string name_;
};

}  // namespace

void readdirplus(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t from,
                 fuse_file_info*) {
    answer(request, number, Operation::readdirplus,
           [&](Session& session, const view::Node& directory) {
               const auto offset = static_cast<std::uint64_t>(from);
               Page page(request, size, session.inodes);
               try {
                   if (page.add_dots(offset, directory, S_IFDIR)) {
                       const std::uint64_t after =
                           std::max(offset, dot_dot_offset) - dot_dot_offset;
                       session.view.list(directory, after, [&](const view::Listing& listing) {
                           return page.add(listing, directory, number);
                       });
                   }
               } catch (const Error& error) {
                   // What is whole is shown; who goes on meets the damage again, first.
                   if (page.empty()) throw;
                   session.count_failure(Operation::readdirplus, number, error);
               }
               page.reply();
               session.shedder.look();
           });
}

}  // namespace yore::mount
