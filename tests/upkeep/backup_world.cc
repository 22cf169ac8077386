// SPDX-License-Identifier: Apache-2.0
#include "backup_world.h"

#include <yore/upkeep/verify.h>

#include <algorithm>
#include <stdexcept>

namespace yore::upkeep::test {
namespace {

constexpr std::size_t block_bytes = 700, blocks_in_pool = 12, names = 6;

void agree(bool holds, const std::string& what) {
    if (!holds) throw std::logic_error("repository and map disagree: " + what);
}

tree::Entry entry_of(const std::string& name, tree::FileKind kind) {
    tree::Entry entry;
    entry.name = name;
    entry.attributes.kind = kind;
    return entry;
}

}  // namespace

World::World(std::uint64_t seed) : random_(seed) {
    for (std::size_t i = 0; i < blocks_in_pool; ++i)
        blocks_.push_back(yore::test::text_bytes(random_, block_bytes));
    reopen();
    catalog::Source source;
    source.name = "home";
    source.directory.path = "/home";
    source_ = catalog_->add_source(source).id;
}

void World::reopen() {
    running_.reset();
    open_.clear();
    cache_.reset();
    catalog_.reset();
    store_.reset();
    fate_ = std::make_shared<MortalBackend::Fate>();
    store_ =
        std::make_unique<store::Store>(std::make_unique<MortalBackend>(repository_.backend, fate_),
                                       yore::test::keys_from(7, repository_.encryption),
                                       store::StoreOptions{.writer = "host/1"}, repository_.clock);
    catalog_ = std::make_unique<catalog::Catalog>(*store_);
    cache_ = std::make_unique<store::ObjectCache>(*store_, 1u << 16);
    // A commit that was whole when the process died is kept, acknowledged or not.
    for (const auto& name :
         source_ ? catalog_->snapshot_names(source_) : std::vector<catalog::SnapshotName>())
        if (!kept_.contains(name)) kept_[name] = read(catalog_->snapshot(source_, name)->root);
    std::erase_if(kept_, [&](const auto& one) { return !catalog_->snapshot(source_, one.first); });
}

void World::die_after(int steps, bool write_happens) {
    *fate_ = {steps, write_happens, false};
}

/// One that was met before, or changed in a few bytes: then stored as a delta.
Bytes World::block() {
    Bytes block = blocks_[random_.below(blocks_.size())];
    if (random_.below(2) == 0) block[random_.below(block.size())] ^= std::byte{1};
    if (random_.below(4) == 0) blocks_[random_.below(blocks_.size())] = block;
    return block;
}

void World::begin() {
    running_.emplace();
    running_->writer = store_->write();
    running_->before = catalog_->latest(source_);
    if (running_->before) running_->before_files = kept_.at(running_->before->name);
    running_->files = running_->before_files;
    for (int changes = 0; changes < 3; ++changes) {
        const std::string name(1, static_cast<char>('a' + random_.below(names)));
        if (random_.below(5) == 0) {
            running_->files.erase(name);
            continue;
        }
        Bytes content;
        // Some have so many extents that these are a list of their own.
        for (auto blocks = random_.below(5) == 0 ? 20 : random_.below(4); blocks > 0; --blocks) {
            const Bytes one = block();
            content.insert(content.end(), one.begin(), one.end());
        }
        running_->files[name] = std::move(content);
    }
}

void World::put_file(tree::DirectoryBuilder& builder, const std::string& name) {
    const Bytes& content = running_->files.at(name);
    const auto old = running_->before_files.find(name);
    std::optional<tree::EntryView> entry;
    if (old != running_->before_files.end()) {
        const auto top = tree::Directory(*cache_, running_->before->root).find("root");
        entry = tree::Directory(*cache_, *top->child()).find(name);
        if (old->second == content) return builder.add(*entry);  // without a look at the index
    }
    tree::ContentBuilder extents(*running_->writer);
    for (std::size_t at = 0; at < content.size(); at += block_bytes) {
        store::ChunkHints hints;
        hints.base = [&]() -> std::optional<store::DeltaBase> {
            if (!entry) return std::nullopt;
            const auto placed = tree::ContentReader(*cache_, entry->content()).find(at);
            if (!placed) return std::nullopt;
            ChunkId base = *placed->extent.chunk;
            if (const auto info = store_->find(base); info && info->base) base = *info->base;
            return store::DeltaBase{base, cache_->chunk(base)};
        };
        auto prepared =
            running_->writer->prepare_chunk(ByteView(content).subspan(at, block_bytes), hints);
        extents.add({block_bytes, prepared.chunk_id(), 0});
        running_->writer->append(std::move(prepared));
    }
    tree::Entry made = entry_of(name, tree::FileKind::regular);
    made.content = extents.finish();
    made.attributes.size = content.size();
    builder.add(made);
}

void World::write() {
    const tree::NodeBounds bounds(store_->keys().gear);
    tree::DirectoryBuilder home(*running_->writer, bounds), top(*running_->writer, bounds);
    for (const auto& [name, content] : running_->files) put_file(home, name);
    const auto built = home.finish();
    tree::Entry root = entry_of("root", tree::FileKind::directory);
    root.child = built.top;
    root.totals = built.totals;
    top.add(root);
    running_->root = top.finish().top;
    if (random_.below(3) == 0) running_->writer->commit({});  // as a long one does now and then
}

void World::commit() {
    const auto name = catalog_->reserve_name(source_, repository_.clock.now());
    catalog::Snapshot snapshot;
    snapshot.source = source_;
    snapshot.name = name.name();
    snapshot.root = *running_->root;
    const store::RecordChange change[] = {catalog::Catalog::put(snapshot)};
    running_->writer->commit(change);
    kept_[snapshot.name] = running_->files;
    running_.reset();
}

void World::prune_one() {
    if (kept_.empty()) return;
    const auto victim = std::next(kept_.begin(), static_cast<int>(random_.below(kept_.size())));
    const auto name = victim->first;
    const auto change = catalog::Catalog::remove(catalog_->snapshot(source_, name).value());
    kept_.erase(victim);
    store_->commit({&change, 1});
}

void World::prune_all() {
    while (!kept_.empty()) prune_one();
}

void World::open_tree() {
    if (kept_.empty()) return;
    const auto& [name, files] =
        *std::next(kept_.begin(), static_cast<int>(random_.below(kept_.size())));
    open_.emplace_back(catalog_->snapshot(source_, name)->root, files);
}

InUse World::in_use() const {
    InUse in_use;
    for (const auto& [root, files] : open_) in_use.references.push_back({{root}, {}, {}});
    return in_use;
}

CollectResult World::collect(const CollectOptions& given) {
    CollectOptions options = given;
    if (!options.in_use) options.in_use = [this] { return in_use(); };
    return upkeep::collect(*store_, *cache_, options, {});
}

Files World::read(const NodeId& root) const {
    const store::ObjectCache fresh(*store_, 1u << 20);
    Files files;
    const auto top = tree::Directory(fresh, root).find("root");
    tree::Directory(fresh, *top->child()).scan("", [&](const tree::EntryView& entry) {
        Bytes content(entry.content().size);
        agree(tree::ContentReader(fresh, entry.content()).read(0, content) == content.size(),
              "a file is short");
        files.emplace(entry.name(), std::move(content));
        return true;
    });
    return files;
}

void World::check() const {
    agree(catalog_->snapshot_names(source_).size() == kept_.size(), "the number of snapshots");
    for (const auto& [name, files] : kept_)
        agree(read(catalog_->snapshot(source_, name)->root) == files, name.text());
    for (const auto& [root, files] : open_) agree(read(root) == files, "what is open");
    VerifyOptions options{.level = 2};
    options.on_damage = [](const Damage& damage) {
        agree(false, damage.object + ": " + damage.text);
    };
    verify(*catalog_, *cache_, options, {});
}

}  // namespace yore::upkeep::test
