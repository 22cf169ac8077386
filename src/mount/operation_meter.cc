// SPDX-License-Identifier: Apache-2.0
#include "mount/operation_meter.h"

#include <algorithm>
#include <bit>

namespace yore::mount {
namespace {

constexpr std::array<std::string_view, operation_count> names{
    "lookup",   "getattr",   "readlink", "read",     "lseek",    "readdirplus",
    "getxattr", "listxattr", "statfs",   "opendir",  "setattr",  "mknod",
    "mkdir",    "symlink",   "link",     "unlink",   "rmdir",    "rename",
    "write",    "fallocate", "fsync",    "fsyncdir", "setxattr", "removexattr"};

/// The first whose bound is not less.
unsigned class_of(std::uint64_t ns) {
    const auto bits = static_cast<unsigned>(std::bit_width(ns == 0 ? 0 : ns - 1));
    const unsigned first = OperationTimes::first_bound_bits;
    return std::min(bits > first ? bits - first : 0, OperationTimes::class_count - 1);
}

}  // namespace

std::string_view name_of(Operation operation) {
    return names[static_cast<std::size_t>(operation)];
}

void OperationMeter::add(Operation operation, std::chrono::nanoseconds duration) noexcept {
    const auto ns = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0));
    Of& of = of_[static_cast<std::size_t>(operation)];
    of.counts[class_of(ns)].fetch_add(1, std::memory_order_relaxed);
    of.total_ns.fetch_add(ns, std::memory_order_relaxed);
}

void OperationMeter::failed(Operation operation) noexcept {
    of_[static_cast<std::size_t>(operation)].failures.fetch_add(1, std::memory_order_relaxed);
}

MountTimes OperationMeter::seen() const {
    MountTimes times;
    for (std::size_t i = 0; i < operation_count; ++i) {
        for (unsigned k = 0; k < OperationTimes::class_count; ++k)
            times[i].counts[k] = of_[i].counts[k].load(std::memory_order_relaxed);
        times[i].total_ns = of_[i].total_ns.load(std::memory_order_relaxed);
        times[i].failures = of_[i].failures.load(std::memory_order_relaxed);
    }
    return times;
}

}  // namespace yore::mount
