// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/catalog/verified.h>

#include <algorithm>
#include <iterator>

#include "catalog/readable_records.h"
#include "catalog/verified_records.h"

namespace yore::catalog {
namespace {

constexpr std::int64_t seconds_a_day = 86'400;

}  // namespace

VerifiedPacks VerifiedPacks::load(const store::Store& store) {
    VerifiedPacks packs;
    each_readable(store, verified_prefix(), [&](ByteView key, ByteView value) {
        const std::uint64_t first = parse_verified_key(key);
        const VerifiedRecord record = decode_verified(first, value);
        packs.stored_[first] = {record.last, record.reading};
        packs.note({first, record.last}, record.reading);
    });
    return packs;
}

std::optional<Timestamp> VerifiedPacks::read_at(const store::PackInfo& pack) const {
    const auto after = ranges_.upper_bound(pack.number);
    if (after == ranges_.begin()) return std::nullopt;
    const Range& range = std::prev(after)->second;
    if (range.last < pack.number || range.reading.as_of < pack.reachable_since) return std::nullopt;
    return range.reading.began;
}

void VerifiedPacks::note(PackNumbers numbers, const PackReading& reading) {
    YORE_ENSURE(numbers.first <= numbers.last);
    cut_before(numbers.first);
    if (numbers.last + 1 != 0) cut_before(numbers.last + 1);
    ranges_.erase(ranges_.lower_bound(numbers.first), ranges_.upper_bound(numbers.last));
    const auto noted = ranges_.emplace(numbers.first, Range{numbers.last, reading}).first;
    if (std::next(noted) != ranges_.end()) join_before(std::next(noted));
    join_before(noted);
}

/// No range goes on from below `number` to it.
void VerifiedPacks::cut_before(std::uint64_t number) {
    const auto after = ranges_.lower_bound(number);
    if (after == ranges_.begin()) return;
    Range& range = std::prev(after)->second;
    if (range.last < number) return;
    ranges_.emplace_hint(after, number, range);
    range.last = number - 1;
}

/// With the range before it, where the same run read both and nothing is between them.
void VerifiedPacks::join_before(Ranges::iterator range) {
    if (range == ranges_.begin()) return;
    Range& before = std::prev(range)->second;
    if (before.last + 1 != range->first || before.reading != range->second.reading) return;
    before.last = range->second.last;
    ranges_.erase(range);
}

void VerifiedPacks::forget_gone(std::span<const store::PackInfo> packs) {
    std::erase_if(ranges_, [&](const auto& entry) {
        const auto& [first, range] = entry;
        const auto pack = std::ranges::lower_bound(packs, first, {}, &store::PackInfo::number);
        return pack == packs.end() || pack->number > range.last;
    });
}

std::vector<store::RecordChange> VerifiedPacks::changes() const {
    std::vector<store::RecordChange> changes;
    for (const auto& [first, range] : stored_)
        if (!ranges_.contains(first)) changes.push_back({verified_key(first), std::nullopt});
    for (const auto& [first, range] : ranges_) {
        const auto before = stored_.find(first);
        if (before == stored_.end() || before->second != range)
            changes.push_back(
                {verified_key(first), encode(VerifiedRecord{range.last, range.reading})});
    }
    return changes;
}

VerifiedSummary summarize(const VerifiedPacks& verified, std::span<const store::PackInfo> packs,
                          Timestamp now) {
    VerifiedSummary sum;
    for (const store::PackInfo& pack : packs) {
        sum.bytes += pack.stored_bytes;
        const auto read = verified.read_at(pack);
        if (!read) {
            sum.never_bytes += pack.stored_bytes;
            continue;
        }
        sum.oldest = std::min(sum.oldest.value_or(*read), *read);
        for (std::size_t i = 0; i < sum.spans_days.size(); ++i)
            if (now - *read <= seconds(sum.spans_days[i] * seconds_a_day))
                sum.bytes_within[i] += pack.stored_bytes;
    }
    return sum;
}

}  // namespace yore::catalog
