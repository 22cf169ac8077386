// SPDX-License-Identifier: Apache-2.0
#include "mount/open_directories.h"

#include <utility>

namespace yore::mount {

std::uint64_t OpenDirectories::add(Names names) {
    return handles_.with([&](Handles& handles) {
        handles.open[++handles.last] = {.names = std::move(names)};
        return handles.last;
    });
}

void OpenDirectories::remove(std::uint64_t handle) {
    // What is taken out is freed without the lock.
    const auto closed =
        handles_.with([&](Handles& handles) { return handles.open.extract(handle); });
}

OpenDirectories::Names OpenDirectories::names(std::uint64_t handle) const {
    return handles_.with([&](const Handles& handles) { return handles.open.at(handle).names; });
}

bool OpenDirectories::begins_again(std::uint64_t handle) {
    return handles_.with(
        [&](Handles& handles) { return std::exchange(handles.open.at(handle).has_begun, true); });
}

void OpenDirectories::renew(std::uint64_t handle, Names names) {
    handles_.with([&](Handles& handles) { handles.open.at(handle).names.swap(names); });
}

}  // namespace yore::mount
