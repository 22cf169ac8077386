// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/store/damage.h>

#include "store/store_state.h"

namespace yore::store {

std::optional<Timestamp> DamagedObjects::found_at(Domain domain, const format::ObjectId& id) const {
    if (!any()) return std::nullopt;
    std::shared_lock lock(mutex_);
    const auto found = found_.find({domain, id});
    return found == found_.end() ? std::nullopt : std::optional(found->second);
}

void DamagedObjects::apply(ByteView key, const std::optional<Bytes>& value) {
    const auto mark =
        format::decode_damage_mark(key, value ? ByteView(*value) : format::encode_damage_mark({}));
    std::unique_lock lock(mutex_);
    if (value && mark.state == format::DamageState::damaged)
        found_[{mark.domain, mark.id}] = mark.found;
    else
        found_.erase({mark.domain, mark.id});
    any_.store(!found_.empty(), std::memory_order_release);
}

/// A mark that cannot be read is told of by `check_tables`, and costs a backup that relies on what
/// it marks.
void StoreState::load_damage() {
    const Bytes prefix = format::damage_prefix();
    backend->scan(Table::catalog, prefix, prefix, [&](ByteView key, ByteView sealed) {
        try {
            damaged.apply(key, log.open_record(key, sealed));
        } catch (const Error& error) {
            log_warning("a mark of damage: {}", error.what());
        }
        return true;
    });
}

DamageMarks::DamageMarks(const Store& store) : store_(*store.state_) {}

void DamageMarks::mark(Store& store, std::span<const Found> found) {
    if (found.empty()) return;
    CommitRequest request;
    request.built_on = store.last_commit();
    for (const Found& one : found) request.damaged.push_back({one.domain, one.id, one.location});
    store.state_->commit(request);
}

void DamageMarks::remove(Store& store, std::span<const format::DamageMark> marks) {
    std::vector<RecordChange> changes;
    for (const format::DamageMark& mark : marks)
        changes.push_back({format::damage_key(mark.domain, mark.id), std::nullopt});
    store.commit(changes);
}

std::vector<format::DamageMark> DamageMarks::all() const {
    std::vector<format::DamageMark> marks;
    const Bytes prefix = format::damage_prefix();
    store_.backend->scan(Table::catalog, prefix, prefix, [&](ByteView key, ByteView sealed) {
        try {
            marks.push_back(format::decode_damage_mark(key, store_.log.open_record(key, sealed)));
        } catch (const Error& error) {
            log_warning("a mark of damage: {}", error.what());
        }
        return true;
    });
    return marks;
}

bool DamageMarks::any() const {
    return store_.damaged.any();
}

bool DamageMarks::contains(const ChunkId& id) const {
    if (!any()) return false;
    if (store_.damaged.contains(Domain::chunk, id.bytes)) return true;
    const auto info = store_.find(Domain::chunk, id.bytes);
    return info && info->base && store_.damaged.contains(Domain::chunk, info->base->bytes);
}

bool DamageMarks::contains(const NodeId& id) const {
    return store_.damaged.contains(Domain::node, id.bytes);
}

}  // namespace yore::store
