// SPDX-License-Identifier: Apache-2.0
#include "mount/listing.h"

#include <algorithm>
#include <string>

#include "mount/attributes.h"
#include "mount/listing_page.h"
#include "mount/session.h"

namespace yore::mount {
namespace {

/// A name that the kernel is to look up by itself: with no node behind it.
fuse_entry_param name_only(tree::FileKind kind) {
    fuse_entry_param entry{};
    entry.attr.st_mode = type_of(kind);
    entry.attr.st_ino = 2;  // any: 0 would mean that the name was removed
    return entry;
}

/// False: the page is full.
bool add(ListingPage& page, InodeTable& inodes, const view::Listing& listing,
         const view::Node& directory, NodeNumber parent) {
    const std::string name(listing.name);
    // Its cookie comes behind the dots, so that a listing goes on with nothing kept between two
    // requests, and with no open directory.
    const std::uint64_t offset = ListingPage::dot_dot_offset + listing.cookie;
    if (!listing.node) return page.add(name.c_str(), name_only(listing.kind), offset);
    const NodeNumber number =
        inodes.look_up(*listing.node, listing.kind, name_in(directory, parent, listing.name));
    if (page.add(name.c_str(), entry_of(number, *listing.node, listing.attributes), offset))
        return true;
    inodes.forget(number, 1);
    return false;
}

}  // namespace

void readdirplus(fuse_req_t request, fuse_ino_t number, std::size_t size, off_t from,
                 fuse_file_info*) {
    answer(request, number, Operation::readdirplus,
           [&](Session& session, const view::Node& directory) {
               const auto offset = static_cast<std::uint64_t>(from);
               ListingPage page(request, size);
               try {
                   if (page.add_dots(offset, directory.identity.inode_number())) {
                       const std::uint64_t after = std::max(offset, ListingPage::dot_dot_offset) -
                                                   ListingPage::dot_dot_offset;
                       session.view.list(directory, after, [&](const view::Listing& listing) {
                           return add(page, session.inodes, listing, directory, number);
                       });
                   }
               } catch (const Error& error) {
                   // What is whole is shown; who goes on meets the damage again, first.
                   if (page.empty()) throw;
                   session.count_failure(Operation::readdirplus, number, error);
               }
               page.reply([&](NodeNumber told) { session.inodes.forget(told, 1); });
               session.shedder.look();
           });
}

}  // namespace yore::mount
