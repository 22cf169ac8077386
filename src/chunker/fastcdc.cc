// SPDX-License-Identifier: Apache-2.0
// The problem: find the place where a chunk ends, at more than a gigabyte a second, such that an
// insertion moves cuts only near it.
//
// The idea (FastCDC): roll h = 2h + gear[byte]; a chunk ends where some bits of h are zero. Bit n
// of h depends on the last n + 1 bytes, so the bits are taken from the top: nearly 64 bytes decide.
// Nothing ends within the first `min` bytes, so these are skipped. Up to `average` more bits must
// be zero than after it (normalised chunking): sizes gather around the average.
//
// Two bytes a step: 4h + 2 gear[b0] is the double of the hash after b0, so it is tested against the
// doubled mask, and the chain from step to step is one shift and two additions for two bytes.
#include <yore/base/error.h>
#include <yore/chunker/chunker.h>

#include <algorithm>
#include <bit>

namespace yore::chunker {
namespace {

constexpr std::size_t window_bytes = 64;
/// Bits more before and less after the average size: level 2 of the paper, its best for dedup.
constexpr unsigned normalisation = 2;

/// `bits` ones below the top bit, which the doubled hash loses.
std::uint64_t mask_of(unsigned bits) {
    return ((std::uint64_t{1} << bits) - 1) << (63 - bits);
}

struct Scan {
    std::uint64_t hash = 0;
    std::size_t at = 0;
    bool found = false;
};

/// Rolls from `scan.at` to `end`; stops behind the first byte at which the masked bits are zero.
void roll(const GearTable& gear, const std::byte* data, std::size_t end, std::uint64_t mask,
          Scan& scan) {
    const std::uint64_t* const words = gear.words().data();
    const std::uint64_t* const doubled = gear.doubled().data();
    const std::uint64_t doubled_mask = mask << 1;
    std::uint64_t hash = scan.hash;
    std::size_t at = scan.at;
    for (; at + 2 <= end; at += 2) {
        hash = (hash << 2) + doubled[std::to_integer<std::uint8_t>(data[at])];
        if ((hash & doubled_mask) == 0) {
            scan.at = at + 1;
            scan.found = true;
            return;
        }
        hash += words[std::to_integer<std::uint8_t>(data[at + 1])];
        if ((hash & mask) == 0) {
            scan.at = at + 2;
            scan.found = true;
            return;
        }
    }
    if (at < end) {
        hash = (hash << 1) + words[std::to_integer<std::uint8_t>(data[at])];
        ++at;
        scan.found = (hash & mask) == 0;
    }
    scan.hash = hash;
    scan.at = at;
}

}  // namespace

FastCdc::FastCdc(const GearTable& gear, Sizes sizes) : gear_(gear), sizes_(sizes) {
    YORE_ENSURE(std::has_single_bit(sizes.average));
    YORE_ENSURE(window_bytes <= sizes.min && sizes.min < sizes.average &&
                sizes.average < sizes.max);
    const auto bits = static_cast<unsigned>(std::countr_zero(sizes.average));
    mask_early_ = mask_of(bits + normalisation);
    mask_late_ = mask_of(bits - normalisation);
}

std::size_t FastCdc::cut(ByteView data) const {
    if (data.size() <= sizes_.min) return data.size();
    const std::size_t end = std::min<std::size_t>(data.size(), sizes_.max);
    const std::size_t turn = std::min<std::size_t>(end, sizes_.average);
    Scan scan;
    for (std::size_t i = sizes_.min - window_bytes; i < sizes_.min; ++i) {
        scan.hash = (scan.hash << 1) + gear_.words()[std::to_integer<std::uint8_t>(data[i])];
    }
    scan.at = sizes_.min;
    roll(gear_, data.data(), turn, mask_early_, scan);
    if (!scan.found) roll(gear_, data.data(), end, mask_late_, scan);
    return scan.at;
}

}  // namespace yore::chunker
