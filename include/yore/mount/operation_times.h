// SPDX-License-Identifier: Apache-2.0
/// How often the operations of a mount were asked for, and how long their answers took.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace yore::mount {

enum class Operation : std::uint8_t {
    lookup,
    getattr,
    readlink,
    read,
    lseek,
    readdirplus,
    getxattr,
    listxattr,
    statfs,
    // Of mounts for writing only.
    opendir,
    setattr,
    mknod,
    mkdir,
    symlink,
    link,
    unlink,
    rmdir,
    rename,
    write,
    fallocate,
    fsync,
    fsyncdir,
    setxattr,
    removexattr,
};
inline constexpr std::size_t operation_count = 24, reading_operation_count = 9;
/// As FUSE calls it: `readdirplus`.
std::string_view name_of(Operation);

/// Of one operation, since the mount was made.
struct OperationTimes {
    /// Each class of durations reaches twice as far as the one before; the last has no bound.
    static constexpr unsigned class_count = 21, first_bound_bits = 13;  // 8 µs to 4.3 s
    /// Inclusive. Not of the last one.
    static constexpr std::uint64_t bound_ns(unsigned which) {
        return std::uint64_t{1} << (first_bound_bits + which);
    }
    std::array<std::uint64_t, class_count> counts{};
    std::uint64_t total_ns = 0;
    std::uint64_t failures = 0;  ///< damage, or an error of the disk; not: no such name
    bool operator==(const OperationTimes&) const = default;
};

/// By Operation.
using MountTimes = std::array<OperationTimes, operation_count>;

}  // namespace yore::mount
