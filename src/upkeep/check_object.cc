// SPDX-License-Identifier: Apache-2.0
#include "upkeep/check_object.h"

#include <yore/base/error.h>

namespace yore::upkeep {
namespace {

using Listed = store::Store::Listed;

std::optional<store::ObjectInfo> find(const store::Store& store, Domain domain,
                                      const format::ObjectId& id) {
    return domain == Domain::chunk ? store.find(ChunkId{id}) : store.find(NodeId{id});
}

/// Level 1 tells when something needs it.
bool is_forgotten(const store::Store& store, const Listed& listed) {
    if (!find(store, listed.domain, listed.id)) return true;
    if (!listed.info.base) return false;
    const auto base = store.find(*listed.info.base);
    return !base || base->base;
}

/// Whether its bytes are those that its id names. `in_base`: while a base is read.
bool is_whole(const store::ObjectCache& cache, const Listed& listed, std::uint64_t& bytes,
              std::optional<ChunkId>& in_base) {
    const store::Store& store = cache.store();
    if (listed.domain == Domain::node) {
        const Buffer plain = store.get(NodeId{listed.id});
        bytes = plain.size();
        return store.node_id(plain) == NodeId{listed.id};
    }
    const Buffer plain = store.get(ChunkId{listed.id}, [&](const ChunkId& base) {
        in_base = base;
        auto read = cache.chunk(base);
        in_base.reset();
        return read;
    });
    bytes = plain.size();
    return store.chunk_id(plain) == ChunkId{listed.id};
}

}  // namespace

std::string text_of(Domain domain, const format::ObjectId& id) {
    return (domain == Domain::chunk ? "chunk " : "node ") + to_hex(id);
}

CheckedObject check_object(const store::ObjectCache& cache, const Listed& listed) {
    CheckedObject checked;
    std::optional<ChunkId> in_base;
    try {
        if (is_forgotten(cache.store(), listed) || is_whole(cache, listed, checked.bytes, in_base))
            return checked;
        checked.text = "its bytes hash to another id";
    } catch (const Error& error) {
        checked.text = error.what();
        if (error.code() != Errc::corrupt && error.code() != Errc::io) return checked;
    }
    try {
        const Domain domain = in_base ? Domain::chunk : listed.domain;
        const format::ObjectId id = in_base ? in_base->bytes : listed.id;
        if (const auto info = find(cache.store(), domain, id))
            checked.to_blame = {domain, id, info->location};
    } catch (const Error&) {  // a damaged row of the index: `check_tables` tells of it
    }
    return checked;
}

}  // namespace yore::upkeep
