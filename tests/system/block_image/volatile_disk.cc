// SPDX-License-Identifier: Apache-2.0
#include "volatile_disk.h"

#include <yore/base/error.h>
#include <yore/base/file.h>

#include <algorithm>
#include <random>

#include <sys/stat.h>
#include <unistd.h>

namespace yore::block_image {

namespace {

std::uint64_t size_of(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) throw system_error("stat", "backing file", errno);
    return static_cast<std::uint64_t>(status.st_size);
}

void check_aligned(std::uint64_t offset, std::size_t size) {
    if (offset % sector_bytes != 0 || size % sector_bytes != 0) {
        throw Error(Errc::invalid, fmt::format("{} bytes at {}: not whole sectors", size, offset));
    }
}

}  // namespace

VolatileDisk::VolatileDisk(Fd backing, PowerCut plan)
    : backing_(std::move(backing)), plan_(plan), size_(size_of(backing_.get())) {
    check_aligned(0, size_);
}

std::size_t VolatileDisk::read(std::uint64_t offset, MutableBytes into) const {
    if (offset >= size_) return 0;
    const std::uint64_t end = std::min<std::uint64_t>(offset + into.size(), size_);
    const MutableBytes wanted = into.first(end - offset);
    const std::size_t got = read_at(backing_.get(), offset, wanted);
    const std::uint64_t first = offset / sector_bytes * sector_bytes;
    for (auto it = unflushed_.lower_bound(first); it != unflushed_.end() && it->first < end; ++it) {
        const std::uint64_t from = std::max(it->first, offset);
        const std::uint64_t to = std::min(it->first + sector_bytes, end);
        std::memcpy(wanted.data() + (from - offset), it->second.data() + (from - it->first),
                    to - from);
    }
    return got;
}

void VolatileDisk::write(std::uint64_t offset, ByteView content) {
    check_aligned(offset, content.size());
    if (counts_.writes + 1 == cut_at_) cut();
    ensure_power();
    if (offset + content.size() > size_) {
        throw Error(Errc::no_space, fmt::format("write at {}: behind the end", offset));
    }
    ++counts_.writes;
    for (std::size_t done = 0; done < content.size(); done += sector_bytes) {
        std::memcpy(unflushed_[offset + done].data(), content.data() + done, sector_bytes);
    }
}

void VolatileDisk::flush() {
    ensure_power();
    ++counts_.flushes;
    write_back();
}

void VolatileDisk::cut() {
    if (counts_.cut) return;
    counts_.cut = true;
    std::mt19937_64 choice(plan_.seed);
    counts_.sectors_lost = std::erase_if(unflushed_, [&](const auto&) {
        return plan_.unflushed == Unflushed::lost || choice() % 2 == 0;
    });
    write_back();
}

void VolatileDisk::ensure_power() const {
    if (counts_.cut) throw Error(Errc::io, "the disk has no power");
}

/// Syncing the backing file would only protect against a power cut of this machine.
void VolatileDisk::write_back() {
    for (const auto& [offset, sector] : unflushed_) write_at(backing_.get(), offset, sector);
    unflushed_.clear();
}

}  // namespace yore::block_image
