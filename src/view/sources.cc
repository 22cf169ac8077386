// SPDX-License-Identifier: Apache-2.0
#include "view/sources.h"

#include "view/texts.h"

namespace yore::view {
namespace {

std::shared_ptr<const SourceFacts> load(const catalog::Catalog& catalog, std::uint32_t id) {
    auto source = catalog.source(id);
    if (!source) return nullptr;
    auto facts = std::make_shared<SourceFacts>();
    facts->names = catalog.snapshot_names(id);
    const auto newest = catalog.latest(id);
    facts->modified = newest ? newest->ended : source->created;
    facts->info = info_text(*source, facts->names.size(), newest);
    facts->source = std::move(*source);
    return facts;
}

}  // namespace

std::shared_ptr<const SourceFacts> Sources::facts(std::uint32_t source) const {
    const CommitNumber now = catalog_.store().last_commit();
    const auto known = kept_.with([&](auto& kept) -> std::optional<Kept> {
        const auto found = kept.find(source);
        if (found == kept.end() || found->second.as_of < now) return std::nullopt;
        return found->second;
    });
    if (known) return known->facts;
    Kept fresh{now, load(catalog_, source)};
    kept_.with([&](auto& kept) {
        if (!fresh.facts) {
            kept.erase(source);  // ids that are gone do not come back
            return;
        }
        Kept& old = kept[source];
        if (old.as_of < fresh.as_of) old = fresh;
    });
    return fresh.facts;
}

}  // namespace yore::view
