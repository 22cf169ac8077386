// SPDX-License-Identifier: Apache-2.0
#include "ingest/predecessor.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/store/damage.h>

namespace yore::ingest {
namespace {

constexpr std::int64_t ns_in_second = 1'000'000'000;

/// More than a tick of its file system's clock.
bool well_before(Timestamp time, Timestamp start) {
    const std::uint64_t tick = time.ns % ns_in_second == 0 ? coarse_clock_tick_ns : clock_tick_ns;
    return time < start && ns_between(time, start) > tick;
}

}  // namespace

bool TrustRule::trusts(const tree::Attributes& stored) const {
    if (!well_before(stored.changed, started_)) return false;
    // The time of change cannot be set, that of modification can: one far ahead proves nothing,
    // one during the snapshot may mean a file system that keeps no time of change.
    const bool far_ahead =
        ended_ < stored.modified && ns_between(ended_, stored.modified) > coarse_clock_tick_ns;
    return well_before(stored.modified, started_) || far_ahead;
}

bool is_damaged(const store::ObjectCache& cache, const tree::EntryView& entry) {
    const store::DamageMarks marks(cache.store());
    if (!marks.any()) return false;
    try {
        for (const tree::Xattr& xattr : entry.xattrs())
            if (xattr.chunk && marks.contains(*xattr.chunk)) return true;
        if (entry.kind() != tree::FileKind::regular) return false;
        const tree::Content content = entry.content();
        bool damaged = content.list && marks.contains(*content.list);
        if (damaged) return true;
        tree::ContentReader(cache, content).scan(0, [&](const tree::PlacedExtent& placed) {
            damaged = placed.extent.chunk && marks.contains(*placed.extent.chunk);
            return !damaged;
        });
        return damaged;
    } catch (const Error& error) {
        log_warning("{} in the previous snapshot: {}; read anew", entry.name(), error.what());
        return true;
    }
}

StoredContent::StoredContent(const store::ObjectCache& cache, const tree::EntryView& entry)
    : cache_(cache), reader_(cache, entry.content()), name_(entry.name()) {}

bool StoredContent::equals(ByteView content) const {
    if (reader_.size() != content.size()) return false;
    try {
        if (reader_.hole_bytes() != 0) return false;
        Buffer stored(content.size());
        return reader_.read(0, stored.span()) == content.size() && equal(stored, content);
    } catch (const Error& error) {
        log_damage(error);
        return false;
    }
}

std::optional<store::DeltaBase> StoredContent::base_at(std::uint64_t offset) const {
    try {
        const auto placed = reader_.find(offset);
        if (!placed || placed->start != offset || !placed->extent.chunk) return std::nullopt;
        ChunkId base = *placed->extent.chunk;
        const auto info = cache_.store().find(base);
        if (!info) return std::nullopt;
        if (info->base) base = *info->base;
        // Past the cache: a base is needed once, and would push out what readers come back to.
        auto plain = cache_.chunk_if_cached(base);
        if (!plain) plain = std::make_shared<const Buffer>(cache_.store().get(base));
        return store::DeltaBase{base, std::move(plain)};
    } catch (const Error& error) {
        log_damage(error);
        return std::nullopt;
    }
}

void StoredContent::log_damage(const Error& error) const {
    log_warning("{} in the previous snapshot: {}; stored anew", name_, error.what());
}

}  // namespace yore::ingest
