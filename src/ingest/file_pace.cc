// SPDX-License-Identifier: Apache-2.0
#include "ingest/file_pace.h"

#include <algorithm>

namespace yore::ingest {
namespace {

constexpr std::int64_t reading_share = 10;
/// Also of a small file: what is read may have to wait until the clock has ticked.
constexpr Duration short_reading{100'000'000};

}  // namespace

Duration FilePace::interval_of(const Known& file) const {
    const std::int64_t least = file.in_a_row < limits_.at_once ? 0 : limits_.interval.ns;
    const std::int64_t share = file.took > short_reading ? reading_share * file.took.ns : 0;
    return {std::max(least, share)};
}

bool FilePace::may_read(std::uint64_t inode, Timestamp changed, Timestamp now) const {
    const auto file = files_.find(inode);
    if (file == files_.end() || now < file->second.last) return true;
    return now - changed >= limits_.quiet || now - file->second.last >= interval_of(file->second);
}

void FilePace::was_read(std::uint64_t inode, Timestamp now, Duration took) {
    Known& file = files_[inode];
    if (now < file.last || now - file.last > Duration{2 * limits_.interval.ns}) file.in_a_row = 0;
    file = {now, took, file.in_a_row + 1};
}

void FilePace::forget(Timestamp now) {
    std::erase_if(files_, [&](const auto& known) {
        const Known& file = known.second;
        return now - file.last > Duration{2 * std::max(interval_of(file).ns, limits_.interval.ns)};
    });
}

}  // namespace yore::ingest
