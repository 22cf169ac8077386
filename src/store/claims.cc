// SPDX-License-Identifier: Apache-2.0
#include "store/claims.h"

#include <yore/base/error.h>

#include <utility>

namespace yore::store {

Guarded<Claims::Shard>& Claims::shard_of(Domain domain, const format::ObjectId& id) {
    auto& shards = shards_[domain == Domain::chunk ? 0 : 1];
    return shards[std::to_integer<std::size_t>(id[0]) % shard_count];
}

bool Claims::claim(Domain domain, const format::ObjectId& id) {
    return shard_of(domain, id).with([&](Shard& shard) {
        auto [found, is_new] = shard.try_emplace(id, Standing::claimed);
        if (!is_new && found->second == Standing::claimed) {
            found->second = Standing::relied_on;
            ++open_promises_;
        }
        return is_new;
    });
}

void Claims::forget(Domain domain, const format::ObjectId& id) {
    shard_of(domain, id).with([&](Shard& shard) {
        auto found = shard.find(id);
        if (found == shard.end()) return;
        if (found->second == Standing::relied_on) --open_promises_;
        shard.erase(found);
    });
}

void Claims::appended(Domain domain, const format::ObjectId& id) {
    shard_of(domain, id).with([&](Shard& shard) {
        auto found = shard.find(id);
        YORE_ENSURE(found != shard.end() && found->second != Standing::appended);
        if (found->second == Standing::relied_on) --open_promises_;
        found->second = Standing::appended;
    });
}

void Claims::give_up(SealedObject&& object) {
    bool relied_on = shard_of(object.domain, object.item.id).with([&](Shard& shard) {
        auto found = shard.find(object.item.id);
        YORE_ENSURE(found != shard.end() && found->second != Standing::appended);
        if (found->second == Standing::relied_on) return true;
        shard.erase(found);
        return false;
    });
    // Without sealed bytes the promise stays open for ever, and the Writer refuses to commit.
    if (relied_on && !object.sealed.empty()) {
        orphans_.with([&](auto& orphans) { orphans.push_back(std::move(object)); });
    }
}

std::vector<SealedObject> Claims::take_orphans() {
    return orphans_.with([](auto& orphans) { return std::exchange(orphans, {}); });
}

}  // namespace yore::store
