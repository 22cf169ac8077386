// SPDX-License-Identifier: Apache-2.0
/// stats: nothing asked. What all snapshots would take (`logical`), what is stored of it once
/// (`unique`), what that takes (`stored`),
/// how much of it was verified when, and what level 3 of verify found last of each source
/// (`proofs`).
#include "command/fields.h"
#include "command/prove.h"
#include "command/run.h"
#include "command/verification.h"
#include "command/walk.h"

namespace yore::command {

namespace {

nlohmann::json describe_proofs(Context& context) {
    auto list = nlohmann::json::array();
    for (const auto& [id, proof] : catalog::load_proofs(context.store())) {
        const auto source = context.catalog().source(id);
        if (!source) continue;
        list.push_back(describe(proof));
        list.back()["source"] = source->name;
    }
    return list;
}

}  // namespace

nlohmann::json run_stats(Context& context, const Call& call) {
    Fields(call.request).done();
    std::uint64_t snapshots = 0, logical = 0, files = 0;
    const auto sources = context.catalog().sources();
    for (const auto& source : sources) {
        for (const auto& snapshot : context.catalog().snapshots(source.id)) {
            check_stop(call.stop);
            snapshots += 1;
            logical += snapshot.counts.bytes;
            files += snapshot.counts.files;
        }
    }
    const auto stats = context.store().stats();
    const auto cache = context.cache().stats();
    return {{"sources", sources.size()},
            {"snapshots", snapshots},
            {"files", files},
            {"logical_bytes", logical},
            {"unique_bytes", stats.chunk_plain_bytes},
            {"stored_bytes", stats.chunk_stored_bytes},
            {"metadata_plain_bytes", stats.node_plain_bytes},
            {"metadata_stored_bytes", stats.node_stored_bytes},
            {"tail_pieces", stats.tail_pieces},
            {"tail_stored_bytes", stats.tail_stored_bytes},
            {"repository_bytes", stats.backend_bytes},
            {"chunks", stats.chunks},
            {"nodes", stats.nodes},
            {"packs", stats.packs},
            {"verified", describe_verified(context)},
            {"proofs", describe_proofs(context)},
            {"cache", {{"bytes", cache.bytes}, {"hits", cache.hits}, {"misses", cache.misses}}}};
}

}  // namespace yore::command
