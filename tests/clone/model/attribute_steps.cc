// SPDX-License-Identifier: Apache-2.0
/// Operations on modes, owners, times, extended attributes and ACLs.
#include <array>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "model/digest.h"
#include "model/steps.h"

namespace yore::test {
namespace {

Step change_mode(Choices& choices) {
    const std::string path = choices.path();
    auto mode = static_cast<mode_t>(choices.below(010000));
    // Without it, set-group-id means nothing on a file, and file systems differ in when it goes.
    if (mode & S_ISGID) mode |= S_IXGRP;
    return {fmt::format("chmod {} {:o}", quoted(path), mode),
            [=](Side& side) { return outcome_of(::chmod(side.at(path).c_str(), mode)); },
            {path}};
}

Step change_owner(Choices& choices) {
    const std::string path = choices.path();
    const uid_t unchanged = static_cast<uid_t>(-1);
    const uid_t uid = choices.of<uid_t>({0, 1000, 1001, unchanged});
    // Not both unchanged: whether that changes the time of the change is the kernel's choice.
    const gid_t gid = uid == unchanged ? 1000 : choices.of<gid_t>({0, 1000, 1001, unchanged});
    const int flags = choices.of<int>({0, AT_SYMLINK_NOFOLLOW});
    return {fmt::format("chown {} {}:{}, flags {}", quoted(path), uid, gid, flags),
            [=](Side& side) {
                return outcome_of(::fchownat(AT_FDCWD, side.at(path).c_str(), uid, gid, flags));
            },
            {path}};
}

timespec any_time(Choices& choices) {
    const long nanoseconds = static_cast<long>(choices.below(1'000'000'000));
    if (choices.one_in(4)) return {.tv_sec = 0, .tv_nsec = UTIME_NOW};
    if (choices.one_in(4)) return {.tv_sec = 0, .tv_nsec = UTIME_OMIT};
    return {.tv_sec = static_cast<time_t>(choices.below(1'600'000'000)), .tv_nsec = nanoseconds};
}

/// The time as it reads now, if it was given.
std::string told(const timespec& given, const timespec& read) {
    if (given.tv_nsec == UTIME_NOW || given.tv_nsec == UTIME_OMIT) return "-";
    return fmt::format("{}.{:09}", read.tv_sec, read.tv_nsec);
}

Step change_times(Choices& choices) {
    const std::string path = choices.path();
    const std::array<timespec, 2> times{any_time(choices), any_time(choices)};
    const int flags = choices.of<int>({0, AT_SYMLINK_NOFOLLOW});
    return {
        fmt::format("utimens {} {}.{} {}.{}, flags {}", quoted(path), times[0].tv_sec,
                    times[0].tv_nsec, times[1].tv_sec, times[1].tv_nsec, flags),
        [=](Side& side) {
            const std::string at = side.at(path);
            Outcome outcome = outcome_of(::utimensat(AT_FDCWD, at.c_str(), times.data(), flags));
            struct stat stat {};
            if (outcome.result == 0 && ::fstatat(AT_FDCWD, at.c_str(), &stat, flags) == 0)
                outcome.seen = told(times[0], stat.st_atim) + " " + told(times[1], stat.st_mtim);
            return outcome;
        }};
}

std::string attribute_name(Choices& choices) {
    return choices.of<std::string>({"user.a", "user.b", "user.long-name", "trusted.a",
                                    "security.yore", "user.", "nobody.knows"});
}

Step set_attribute(Choices& choices) {
    const std::string path = choices.path(), name = attribute_name(choices);
    const std::string value = choices.bytes(choices.of<std::uint64_t>({0, 1, 20, 200}));
    const int flags = choices.of<int>({0, 0, XATTR_CREATE, XATTR_REPLACE});
    return {
        fmt::format("setxattr {} {}, {} bytes, flags {}", quoted(path), name, value.size(), flags),
        [=](Side& side) {
            return outcome_of(::lsetxattr(side.at(path).c_str(), name.c_str(), value.data(),
                                          value.size(), flags));
        },
        {path}};
}

Step remove_attribute(Choices& choices) {
    const std::string path = choices.path();
    const std::string name = choices.one_in(4) ? choices.of<std::string>({
                                                     "system.posix_acl_access",
                                                     "system.posix_acl_default",
                                                 })
                                               : attribute_name(choices);
    return {
        fmt::format("removexattr {} {}", quoted(path), name),
        [=](Side& side) { return outcome_of(::lremovexattr(side.at(path).c_str(), name.c_str())); },
        {path}};
}

Step get_attribute(Choices& choices) {
    const std::string path = choices.path(), name = attribute_name(choices);
    const std::size_t size = choices.of<std::size_t>({0, 10, 4096});
    return {
        fmt::format("getxattr {} {}, {} bytes", quoted(path), name, size), [=](Side& side) {
            std::string value(size, '\0');
            Outcome outcome =
                outcome_of(::lgetxattr(side.at(path).c_str(), name.c_str(), value.data(), size));
            if (outcome.result > 0 && size > 0)
                outcome.seen = digest_of(value.substr(0, static_cast<std::size_t>(outcome.result)));
            return outcome;
        }};
}

/// Of `system.posix_acl_access`, as acl(5) and linux/posix_acl_xattr.h say.
class AclValue {
  public:
    static constexpr std::uint32_t nobody = 0xffffffff;
    void add(std::uint16_t tag, std::uint64_t permissions, std::uint32_t id = nobody) {
        put(tag);
        put(static_cast<std::uint16_t>(permissions));
        put(id);
    }
    std::string text() const { return text_; }

  private:
    template <typename T>
    void put(T value) {
        text_.append(reinterpret_cast<const char*>(&value), sizeof value);
    }
    std::string text_{"\x02\0\0\0", 4};
};

/// With it, kernels take it away from FUSE's files at other times, as the group's bits change.
bool is_set_group_id(const std::string& path) {
    struct stat stat {};
    return ::stat(path.c_str(), &stat) == 0 && S_ISREG(stat.st_mode) && (stat.st_mode & S_ISGID);
}

Step set_acl(Choices& choices) {
    const std::string path = choices.path();
    const char* name = choices.one_in(2) ? "system.posix_acl_access" : "system.posix_acl_default";
    const bool has_users = !choices.one_in(4);
    AclValue acl;
    acl.add(0x01, choices.below(8));
    if (has_users) acl.add(0x02, choices.below(8), 1000);
    acl.add(0x04, choices.below(8));
    if (has_users && choices.one_in(2)) acl.add(0x08, choices.below(8), 1001);
    if (has_users) acl.add(0x10, choices.below(8));
    acl.add(0x20, choices.below(8));
    return {fmt::format("set {} of {}, {} bytes", name, quoted(path), acl.text().size()),
            [=, value = acl.text()](Side& side) {
                if (is_set_group_id(side.at(path))) return Outcome{};
                return outcome_of(
                    ::setxattr(side.at(path).c_str(), name, value.data(), value.size(), 0));
            },
            {path}};
}

/// CAP_NET_RAW, effective: gone when somebody writes.
Step set_capability(Choices& choices) {
    const std::string path = choices.path();
    const std::array<std::uint32_t, 5> value{0x02000001, 1u << 13, 0, 0, 0};
    return {"set a capability of " + quoted(path),
            [=](Side& side) {
                return outcome_of(::setxattr(side.at(path).c_str(), "security.capability",
                                             value.data(), sizeof value, 0));
            },
            {path}};
}

Step ask_access(Choices& choices) {
    const std::string path = choices.path();
    const int mode = static_cast<int>(choices.below(8));
    return {fmt::format("access {} {}", quoted(path), mode), [=](Side& side) {
                return outcome_of(::faccessat(AT_FDCWD, side.at(path).c_str(), mode, AT_EACCESS));
            }};
}

}  // namespace

std::vector<StepKind> attribute_steps() {
    return {{14, change_mode},   {8, change_owner},     {10, change_times},
            {10, set_attribute}, {5, remove_attribute}, {5, get_attribute},
            {10, set_acl},       {2, set_capability},   {3, ask_access}};
}

}  // namespace yore::test
