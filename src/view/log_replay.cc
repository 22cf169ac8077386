// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/format/journal.h>
#include <yore/tree/content.h>
#include <yore/tree/edit.h>
#include <yore/view/log_replay.h>

#include <algorithm>
#include <iterator>

namespace yore::view {
namespace {

using catalog::LogSegment;
using format::JournalRecord;

/// Keeps nodes in memory only.
class MemorySink final : public store::NodeSink {
  public:
    using Take = std::function<void(const NodeId&, std::shared_ptr<const Buffer>)>;
    MemorySink(const store::Store& store, Take take) : store_(store), take_(std::move(take)) {}

    NodeId put_node(ByteView plain) override {
        const NodeId id = store_.node_id(plain);
        take_(id, std::make_shared<const Buffer>(Buffer::copy_of(plain)));
        return id;
    }

  private:
    const store::Store& store_;
    Take take_;
};

void apply_record(tree::TreeEdit& edit, const JournalRecord& record,
                  const std::function<tree::Entry()>& entry) {
    switch (record.kind) {
        case JournalRecord::Kind::put:
            for (const std::string& path : record.paths) edit.put(path, entry());
            break;
        case JournalRecord::Kind::update:
            for (const std::string& path : record.paths) edit.update(path, entry());
            break;
        case JournalRecord::Kind::remove:
            for (const std::string& path : record.paths) edit.remove(path);
            break;
        case JournalRecord::Kind::move:
            edit.move(record.paths[0], record.paths[1]);
            break;
    }
}

/// The records of a segment at the positions of a range.
void apply_segment(const store::ObjectCache& cache, const LogSegment& segment,
                   const timeline::LogRange& range, tree::TreeEdit& edit) {
    const format::Journal journal = read_journal(cache, segment);
    const LogPosition begin = std::max(range.begin, segment.begin);
    const LogPosition end = std::min(range.end, segment.end);
    for (LogPosition at = begin; at < end; ++at.value)
        doing([&] { return fmt::format("record {}", at.value); },
              [&] {
                  apply_record(edit, journal.records[at.value - segment.begin.value],
                               [&] { return journal_entry(cache, segment, at).copy(); });
              });
}

void apply_range(const catalog::Logs& logs, const store::ObjectCache& cache, std::uint32_t source,
                 const timeline::LogRange& range, tree::TreeEdit& edit) {
    for (LogPosition at = range.begin; at < range.end;) {
        const auto segment = logs.segment_ending_after(source, range.incarnation, at);
        if (!segment || segment->begin > at)
            throw Error(Errc::not_found, fmt::format("the log at {} is gone", at.value));
        doing([&] { return fmt::format("log segment {}", segment->name); },
              [&] { apply_segment(cache, *segment, range, edit); });
        at = segment->end;
    }
}

}  // namespace

tree::Content content_of(const LogSegment& segment) {
    tree::Content content{.size = segment.bytes, .extents = {}, .list = segment.list};
    for (const catalog::SegmentExtent& extent : segment.extents)
        content.extents.push_back({extent.length, extent.chunk, extent.offset});
    return content;
}

tree::EntryView journal_entry(const store::ObjectCache& cache, const LogSegment& segment,
                              LogPosition position) {
    std::optional<tree::EntryView> entry;
    if (segment.entries)
        entry = tree::Directory(cache, *segment.entries).find(format::journal_name(position));
    if (!entry) throw Error(Errc::corrupt, fmt::format("record {} has no entry", position.value));
    return std::move(*entry);
}

format::Journal read_journal(const store::ObjectCache& cache, const LogSegment& segment) {
    if (segment.bytes > format::journal_bytes_max)
        throw Error(Errc::corrupt, "it is longer than a journal can be");
    Buffer bytes(segment.bytes);
    bytes.resize_within(tree::ContentReader(cache, content_of(segment)).read(0, bytes.span()));
    format::Journal journal = format::decode_journal(bytes);
    if (journal.begin != segment.begin || journal.end() != segment.end)
        throw Error(Errc::corrupt, "its journal has other positions");
    return journal;
}

LogReplay::LogReplay(const catalog::Catalog& catalog, store::ObjectCache& cache, Limits limits)
    : catalog_(catalog), cache_(cache), limits_(limits), bounds_(cache.store().keys().gear) {
    cache_.set_maker(this);
}

LogReplay::~LogReplay() {
    cache_.set_maker(nullptr);
}

std::optional<NodeId> LogReplay::apply(std::uint32_t source, const NodeId& base,
                                       const timeline::Plan& plan) const {
    const auto known_source = catalog_.source(source);
    if (!known_source) return std::nullopt;
    Recipe recipe{source, base, plan.replay, {}};
    switch (known_source->kind) {
        case catalog::SourceKind::directory:
            break;
        case catalog::SourceKind::postgresql:
            if (!plan.point || !plan.place) return base;  // it recovers to its own end
            recipe.end = {plan.place->position, plan.time};
            break;
        case catalog::SourceKind::stream:
            return std::nullopt;
    }
    const auto before = known_.with([&](const Known& known) -> std::optional<NodeId> {
        const auto found = known.moments.find(recipe);
        return found == known.moments.end() ? std::nullopt : std::optional(found->second.root);
    });
    if (before) return before;
    const Made made = run(recipe, nullptr);
    remember(recipe, made);
    return made.root;
}

LogReplay::Made LogReplay::run(const Recipe& recipe, Wanted* wanted) const {
    Made made;
    const auto take = [&](const auto& id, std::shared_ptr<const Buffer> bytes) {
        made.objects.emplace_back(id);
        if (wanted != nullptr && wanted->id == made.objects.back()) wanted->bytes = bytes;
        cache_.add(id, std::move(bytes));
    };
    const catalog::Logs logs(catalog_.store());
    tree::TreeEdit edit(cache_, recipe.base);
    MemorySink sink(cache_.store(), take);
    if (recipe.end) {
        const MadeTexts texts = [&](ByteView text) {
            const ChunkId id = cache_.store().chunk_id(text);
            take(id, std::make_shared<const Buffer>(Buffer::copy_of(text)));
            return id;
        };
        apply_wal({logs, cache_, recipe.source, recipe.base}, recipe.ranges, *recipe.end, texts,
                  sink, edit);
    } else {
        for (const timeline::LogRange& range : recipe.ranges)
            apply_range(logs, cache_, recipe.source, range, edit);
    }
    made.root = edit.finish(sink, bounds_).top;
    return made;
}

std::shared_ptr<const Buffer> LogReplay::make_again(const Object& id) const {
    const auto recipe = known_.with([&](const Known& known) -> std::optional<Recipe> {
        const auto found = known.recipes.find(id);
        return found == known.recipes.end() ? std::nullopt : std::optional(found->second->first);
    });
    if (!recipe) return nullptr;
    Wanted wanted{id};
    run(*recipe, &wanted);
    return wanted.bytes;
}

std::shared_ptr<const Buffer> LogReplay::make(const NodeId& id) const {
    return make_again(id);
}
std::shared_ptr<const Buffer> LogReplay::make_chunk(const ChunkId& id) const {
    return make_again(id);
}

void LogReplay::remember(const Recipe& recipe, const Made& made) const {
    known_.with([&](Known& known) {
        const auto [moment, is_new] = known.moments.emplace(recipe, made);
        if (!is_new) return;
        known.by_age.push_back(moment);
        for (const Object& object : made.objects) {
            const auto [made_by, first] = known.recipes.try_emplace(object, moment);
            if (!first && made_by->second->second.keepers == 0) made_by->second = moment;
        }
        while (known.by_age.size() > 1 &&
               (known.moments.size() > limits_.moments || known.recipes.size() > limits_.objects))
            if (!forget_oldest(known)) break;
    });
}

std::shared_ptr<const MadeObjects> LogReplay::keep(const NodeId& root) const {
    return known_.with([&](Known& known) -> std::shared_ptr<const MadeObjects> {
        const auto kept = std::ranges::find(known.moments, root,
                                            [](const auto& moment) { return moment.second.root; });
        if (kept == known.moments.end()) return nullptr;
        Made& made = kept->second;
        auto objects = std::make_unique<MadeObjects>();
        for (const Object& object : made.objects) {
            known.recipes[object] = kept;
            if (const auto* node = std::get_if<NodeId>(&object))
                objects->nodes.insert(*node);
            else
                objects->chunks.insert(std::get<ChunkId>(object));
        }
        ++made.keepers;
        return {objects.release(), [this, &made](const MadeObjects* ended) {
                    const std::unique_ptr<const MadeObjects> whole(ended);
                    known_.with([&](Known&) { --made.keepers; });
                }};
    });
}

bool LogReplay::forget_oldest(Known& known) {
    // The last one is what was just asked for.
    const auto last = std::prev(known.by_age.end());
    const auto place = std::find_if(known.by_age.begin(), last,
                                    [](const auto& moment) { return moment->second.keepers == 0; });
    if (place == last) return false;
    const auto oldest = *place;
    known.by_age.erase(place);
    for (const Object& object : oldest->second.objects) {
        const auto recipe = known.recipes.find(object);
        if (recipe != known.recipes.end() && recipe->second == oldest) known.recipes.erase(recipe);
    }
    known.moments.erase(oldest);
    return true;
}

}  // namespace yore::view
