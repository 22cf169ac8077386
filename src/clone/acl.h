// SPDX-License-Identifier: Apache-2.0
/// POSIX ACLs as the kernel hands them on: what they say of a file's permissions, and these of
/// them (acl(5), POSIX.1e draft 17; the format is linux/posix_acl_xattr.h's).
#pragma once

#include <yore/base/bytes.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace yore::clone {

inline constexpr std::string_view access_acl = "system.posix_acl_access";
inline constexpr std::string_view default_acl = "system.posix_acl_default";

class Acl {
  public:
    /// Of an extended attribute. Not one: nullopt.
    static std::optional<Acl> parse(ByteView value);
    Bytes value() const;

    /// The nine bits that stat(2) shows with it.
    mode_t permissions() const;
    /// It says no more than the nine bits do.
    bool is_plain() const;
    /// chmod(2): owner, others, and the mask (without one, the group) get these bits.
    void set_permissions(mode_t);
    /// A file made with `mode` below a directory with this default ACL: the ACL keeps of what it
    /// grants what `mode` has. Returns the nine bits that the file gets.
    mode_t restrict_to(mode_t mode);

  private:
    struct Entry {
        std::uint16_t tag = 0, permissions = 0;
        std::uint32_t id = 0;
    };
    /// The entry whose bits stand for the group's in the nine.
    Entry* group_class();
    Entry* find(std::uint16_t tag);
    std::vector<Entry> entries_;
};

}  // namespace yore::clone
