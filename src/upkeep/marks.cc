// SPDX-License-Identifier: Apache-2.0
#include "upkeep/marks.h"

#include <yore/base/error.h>
#include <yore/tree/links.h>

namespace yore::upkeep {
namespace {

constexpr unsigned word_bits = 64;

template <typename Id>
store::ObjectInfo info_of(const store::Store& store, const Id& id, const char* kind) {
    const auto info = store.find(id);
    if (!info)
        throw Error(Errc::corrupt,
                    fmt::format("{} {} is referenced, but not stored", kind, id.hex()),
                    {"`yore verify` tells what needs it"});
    return *info;
}

}  // namespace

bool Marks::add(const store::ObjectInfo& info) {
    Pack& pack = packs_[info.location.pack_number()];
    const std::size_t word = info.location.item() / word_bits;
    const std::uint64_t bit = std::uint64_t{1} << info.location.item() % word_bits;
    if (word >= pack.bits.size()) pack.bits.resize(word + 1 + word / 2);
    if ((pack.bits[word] & bit) != 0) return false;
    pack.bits[word] |= bit;
    ++pack.live.objects;
    pack.live.bytes += info.stored_bytes;
    return true;
}

bool Marks::contains(Location location) const {
    const auto pack = packs_.find(location.pack_number());
    if (pack == packs_.end()) return false;
    const std::size_t word = location.item() / word_bits;
    return word < pack->second.bits.size() &&
           (pack->second.bits[word] >> location.item() % word_bits & 1) != 0;
}

Marks::Live Marks::live_in(std::uint64_t pack_number) const {
    const auto pack = packs_.find(pack_number);
    return pack == packs_.end() ? Live{} : pack->second.live;
}

void Marker::follow(const catalog::References& references) {
    for (const NodeId& top : references.trees) follow_tree(top);
    for (const NodeId& node : references.nodes) marks_.add(info_of(store_, node, "node"));
    for (const ChunkId& chunk : references.chunks) mark(chunk);
}

void Marker::follow_tree(const NodeId& top) {
    std::vector<NodeId> pending{top};
    while (!pending.empty()) {
        if (stop_.stop_requested()) throw Error(Errc::cancelled, "stopped");
        const NodeId id = pending.back();
        pending.pop_back();
        if (!marks_.add(info_of(store_, id, "node"))) continue;
        const Buffer plain = store_.get(id);
        const tree::Links links = tree::links_of(id, plain);
        pending.insert(pending.end(), links.nodes.begin(), links.nodes.end());
        for (const ChunkId& chunk : links.chunks) mark(chunk);
        ++counts_.nodes;
        told_(counts_);
    }
}

void Marker::mark(const ChunkId& chunk) {
    const auto info = info_of(store_, chunk, "chunk");
    if (!marks_.add(info)) return;
    ++counts_.chunks;
    if (info.base) marks_.add(info_of(store_, *info.base, "chunk"));
}

}  // namespace yore::upkeep
