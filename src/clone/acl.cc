// SPDX-License-Identifier: Apache-2.0
#include "clone/acl.h"

#include <yore/format/wire.h>

namespace yore::clone {
namespace {

constexpr std::uint32_t acl_version = 2;
constexpr std::size_t entry_bytes = 8;
constexpr std::uint16_t user_obj = 0x01, user = 0x02, group_obj = 0x04, group = 0x08, mask = 0x10,
                        other = 0x20;
constexpr mode_t all = 7;

}  // namespace

std::optional<Acl> Acl::parse(ByteView value) {
    if (value.size() < 4 || (value.size() - 4) % entry_bytes != 0) return std::nullopt;
    format::Decoder in(value);
    if (in.get<std::uint32_t>() != acl_version) return std::nullopt;
    Acl acl;
    while (in.left() > 0) {
        Entry entry;
        entry.tag = in.get<std::uint16_t>();
        entry.permissions = in.get<std::uint16_t>() & all;
        entry.id = in.get<std::uint32_t>();
        acl.entries_.push_back(entry);
    }
    const bool has_all = acl.find(user_obj) && acl.find(group_obj) && acl.find(other);
    return has_all ? std::optional(std::move(acl)) : std::nullopt;
}

Bytes Acl::value() const {
    format::Encoder out(4 + entries_.size() * entry_bytes);
    out.put(acl_version);
    for (const Entry& entry : entries_) out.put(entry.tag).put(entry.permissions).put(entry.id);
    return out.take();
}

Acl::Entry* Acl::find(std::uint16_t tag) {
    for (Entry& entry : entries_)
        if (entry.tag == tag) return &entry;
    return nullptr;
}

Acl::Entry* Acl::group_class() {
    Entry* const found = find(mask);
    return found ? found : find(group_obj);
}

mode_t Acl::permissions() const {
    auto& self = const_cast<Acl&>(*this);
    return static_cast<mode_t>(self.find(user_obj)->permissions << 6 |
                               self.group_class()->permissions << 3 |
                               self.find(other)->permissions);
}

bool Acl::is_plain() const {
    for (const Entry& entry : entries_)
        if (entry.tag == user || entry.tag == group || entry.tag == mask) return false;
    return true;
}

void Acl::set_permissions(mode_t mode) {
    find(user_obj)->permissions = mode >> 6 & all;
    group_class()->permissions = mode >> 3 & all;
    find(other)->permissions = mode & all;
}

mode_t Acl::restrict_to(mode_t mode) {
    set_permissions(permissions() & mode);
    return permissions();
}

}  // namespace yore::clone
