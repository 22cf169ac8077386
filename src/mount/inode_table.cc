// SPDX-License-Identifier: Apache-2.0
#include "mount/inode_table.h"

#include <yore/base/error.h>

namespace yore::mount {
namespace {

// number = generation : 28 | place : 32 | shard : 4, shifted past the reserved 0 and 1 by
// generations that start at 1.
constexpr unsigned place_shift = 4, generation_shift = 36;
constexpr std::uint32_t generation_max = (1u << 28) - 1;
constexpr std::size_t slots_min = 64;

std::size_t home_of(const view::Identity& identity, std::size_t slot_count) {
    return static_cast<std::size_t>(identity.words[0]) & (slot_count - 1);
}

std::unique_ptr<const std::string> kept(std::string_view name) {
    return name.empty() ? nullptr : std::make_unique<const std::string>(name);
}

}  // namespace

InodeTable::InodeTable(const view::Node& root) : root_(root) {}

NodeNumber InodeTable::number(std::size_t shard, std::uint32_t place, std::uint32_t generation) {
    return static_cast<NodeNumber>(generation) << generation_shift |
           static_cast<NodeNumber>(place) << place_shift | shard;
}

InodeTable::Record* InodeTable::record_of(Shard& shard, NodeNumber number) {
    const auto place = static_cast<std::uint32_t>(number >> place_shift);
    if (place >= shard.records.size()) return nullptr;
    Record& record = shard.records[place];
    const bool live = record.lookups > 0 && record.generation == number >> generation_shift;
    return live ? &record : nullptr;
}

std::uint32_t* InodeTable::slot_of(Shard& shard, const view::Identity& identity) {
    if (shard.slots.empty()) return nullptr;
    const std::size_t mask = shard.slots.size() - 1;
    for (std::size_t i = home_of(identity, shard.slots.size());; i = (i + 1) & mask) {
        std::uint32_t& slot = shard.slots[i];
        if (slot == 0) return nullptr;
        if (shard.records[slot - 1].node.identity == identity) return &slot;
    }
}

void InodeTable::grow(Shard& shard) {
    const std::size_t wanted = shard.slots.empty() ? slots_min : shard.slots.size() * 2;
    std::vector<std::uint32_t> old(wanted);
    old.swap(shard.slots);
    for (const std::uint32_t slot : old) {
        if (slot == 0) continue;
        std::size_t i = home_of(shard.records[slot - 1].node.identity, wanted);
        while (shard.slots[i] != 0) i = (i + 1) & (wanted - 1);
        shard.slots[i] = slot;
    }
}

void InodeTable::insert(Shard& shard, std::uint32_t place) {
    if (shard.filled * 4 >= shard.slots.size() * 3) grow(shard);
    const std::size_t mask = shard.slots.size() - 1;
    std::size_t i = home_of(shard.records[place].node.identity, shard.slots.size());
    while (shard.slots[i] != 0) i = (i + 1) & mask;
    shard.slots[i] = place + 1;
    ++shard.filled;
}

/// Linear probing without tombstones: later members of the run move back over the gap.
void InodeTable::erase(Shard& shard, const view::Identity& identity) {
    std::uint32_t* slot = slot_of(shard, identity);
    YORE_ENSURE(slot != nullptr);
    const std::size_t mask = shard.slots.size() - 1;
    auto gap = static_cast<std::size_t>(slot - shard.slots.data());
    for (std::size_t i = (gap + 1) & mask; shard.slots[i] != 0; i = (i + 1) & mask) {
        const std::size_t home =
            home_of(shard.records[shard.slots[i] - 1].node.identity, shard.slots.size());
        if (((i - home) & mask) < ((i - gap) & mask)) continue;
        shard.slots[gap] = shard.slots[i];
        gap = i;
    }
    shard.slots[gap] = 0;
    --shard.filled;
}

std::uint32_t InodeTable::take_place(Shard& shard) {
    if (!shard.free.empty()) {
        const std::uint32_t place = shard.free.back();
        shard.free.pop_back();
        return place;
    }
    shard.records.emplace_back();
    return static_cast<std::uint32_t>(shard.records.size() - 1);
}

void InodeTable::set_use(Record& record, Use use) const {
    if (record.use == Use::taken) taken_.fetch_sub(1, std::memory_order_relaxed);
    if (use == Use::taken) taken_.fetch_add(1, std::memory_order_relaxed);
    record.use = use;
}

NodeNumber InodeTable::look_up(const view::Node& node, tree::FileKind kind, const Name& name) {
    if (node.identity == root_.identity) return root_number;
    const std::size_t index = shard_of(node.identity);
    return shards_[index].with([&](Shard& shard) {
        if (const std::uint32_t* slot = slot_of(shard, node.identity)) {
            Record& record = shard.records[*slot - 1];
            ++record.lookups;
            record.node = node;
            record.parent = name.parent;
            record.name = kept(name.generated);
            set_use(record, Use::warm);
            return number(index, *slot - 1, record.generation);
        }
        const std::uint32_t place = take_place(shard);
        Record& record = shard.records[place];
        record = {.node = node,
                  .parent = name.parent,
                  .name = kept(name.generated),
                  .lookups = 1,
                  .generation = record.generation + 1,
                  .is_directory = kind == tree::FileKind::directory};
        insert(shard, place);
        size_.fetch_add(1, std::memory_order_relaxed);
        return number(index, place, record.generation);
    });
}

void InodeTable::forget(NodeNumber number, std::uint64_t count) {
    shards_[number & (shard_count - 1)].with([&](Shard& shard) {
        Record* record = record_of(shard, number);
        if (record == nullptr) return;
        record->lookups -= std::min(count, record->lookups);
        if (record->lookups > 0) return;
        set_use(*record, Use::warm);
        erase(shard, record->node.identity);
        record->node = {};
        record->name.reset();
        size_.fetch_sub(1, std::memory_order_relaxed);
        if (record->generation < generation_max)
            shard.free.push_back(static_cast<std::uint32_t>(number >> place_shift));
    });
}

std::optional<view::Node> InodeTable::find(NodeNumber number) const {
    if (number == root_number) return root_;
    return shards_[number & (shard_count - 1)].with([&](Shard& shard) -> std::optional<view::Node> {
        Record* record = record_of(shard, number);
        if (record == nullptr) return std::nullopt;
        set_use(*record, Use::warm);
        return record->node;
    });
}

void InodeTable::each(const std::function<void(const view::Node&)>& visit) const {
    for (const Guarded<Shard>& guarded : shards_)
        guarded.with([&](const Shard& shard) {
            for (const Record& record : shard.records)
                if (record.lookups > 0) visit(record.node);
        });
}

NodeNumber InodeTable::parent_of(NodeNumber number) const {
    return shards_[number & (shard_count - 1)].with([&](Shard& shard) {
        const Record* record = record_of(shard, number);
        return record ? record->parent : root_number;
    });
}

std::optional<NodeNumber> InodeTable::number_of(const view::Identity& identity) const {
    if (identity == root_.identity) return root_number;
    const std::size_t index = shard_of(identity);
    return shards_[index].with([&](Shard& shard) -> std::optional<NodeNumber> {
        const std::uint32_t* slot = slot_of(shard, identity);
        if (slot == nullptr) return std::nullopt;
        return number(index, *slot - 1, shard.records[*slot - 1].generation);
    });
}

void InodeTable::keep(const view::Identity& identity) {
    shards_[shard_of(identity)].with([&](Shard& shard) {
        if (const std::uint32_t* slot = slot_of(shard, identity))
            set_use(shard.records[*slot - 1], Use::warm);
    });
}

/// Once around the shard at most.
void InodeTable::pass_hand(Shard& shard, Take what, std::size_t count, std::vector<Cold>& cold) {
    for (std::size_t i = 0; i < shard.records.size() && cold.size() < count; ++i) {
        shard.hand = (shard.hand + 1) % shard.records.size();
        Record& record = shard.records[shard.hand];
        if (record.lookups == 0) continue;
        if (record.is_directory != (what == Take::directories)) continue;
        if (record.use == Use::passed) {
            cold.push_back({record.parent, record.node, record.name ? *record.name : ""});
            set_use(record, Use::taken);
        } else {
            set_use(record, Use::passed);
        }
    }
}

std::vector<InodeTable::Cold> InodeTable::take_cold(std::uint64_t budget, std::size_t count) {
    std::vector<Cold> cold;
    if (size_ <= budget + taken_) return cold;
    for (const Take what : {Take::files, Take::directories}) {
        for (std::size_t tried = 0; tried < shard_count && cold.size() < count; ++tried)
            shards_[next_shard_.fetch_add(1) % shard_count].with(
                [&](Shard& shard) { pass_hand(shard, what, count, cold); });
        if (!cold.empty()) break;
    }
    return cold;
}

}  // namespace yore::mount
