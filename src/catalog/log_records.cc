// SPDX-License-Identifier: Apache-2.0
#include "catalog/log_records.h"

#include <yore/store/writer.h>

#include <algorithm>

#include "catalog/record_bytes.h"
#include "format/catalog_generated.h"

namespace yore::catalog {
namespace {

namespace fb = format::catalog;
constexpr char incarnation_identifier[] = "YCI1";
constexpr char segment_identifier[] = "YCL1";
constexpr char run_identifier[] = "YCR1";
constexpr char span_identifier[] = "YCG1";

constexpr std::size_t name_bytes_max = 255;
constexpr std::size_t origin_bytes_max = 1000;
constexpr std::size_t reason_bytes_max = 1000;
constexpr std::size_t demand_text_bytes_max = 4096;

bool is_file_name(std::string_view name) {
    return !name.empty() && name.size() <= name_bytes_max && name != "." && name != ".." &&
           name.find('/') == name.npos && name.find('\0') == name.npos;
}

std::string record_name(std::string_view what, const ParsedLogKey& key) {
    return fmt::format("record of {} {} of log {} of source {}", what, key.position.value,
                       key.log.incarnation, key.log.source);
}

/// A record that decodes to something that may not be stored is damage.
template <typename Record>
Record checked(Record record, std::string_view name) {
    if (const char* problem = problem_in(record)) throw damaged(name, problem);
    return record;
}

const char* problem_in_extents(const LogSegment& segment) {
    std::uint64_t bytes = 0;
    for (const SegmentExtent& extent : segment.extents) {
        if (extent.length == 0 || extent.length > store::chunk_bytes_max ||
            extent.offset > store::chunk_bytes_max - extent.length)
            return "an extent is out of bounds";
        bytes += extent.length;
    }
    if (segment.list) return segment.extents.empty() ? nullptr : "it has a list and extents";
    return bytes == segment.bytes ? nullptr : "its extents do not sum to its size";
}

const char* problem_in_demands(const LogSegment& segment) {
    for (const LogDemand& demand : segment.demands)
        if (demand.name.empty() || demand.name.size() > name_bytes_max ||
            demand.text.size() > demand_text_bytes_max)
            return "what it demands is too long";
    return nullptr;
}

using StoredDemands = flatbuffers::Vector<flatbuffers::Offset<fb::LogDemand>>;

flatbuffers::Offset<StoredDemands> to_stored(flatbuffers::FlatBufferBuilder& builder,
                                             const std::vector<LogDemand>& demands) {
    if (demands.empty()) return 0;
    std::vector<flatbuffers::Offset<fb::LogDemand>> stored;
    for (const LogDemand& demand : demands) {
        const auto name = builder.CreateString(demand.name);
        const auto text = demand.text.empty() ? 0 : builder.CreateString(demand.text);
        stored.push_back(
            fb::CreateLogDemand(builder, demand.position.value, name, demand.number, text));
    }
    return builder.CreateVector(stored);
}

std::vector<LogDemand> from_stored(const StoredDemands* stored) {
    std::vector<LogDemand> demands;
    if (stored == nullptr) return demands;
    for (const fb::LogDemand* demand : *stored)
        demands.push_back({{demand->position()},
                           demand->name()->str(),
                           demand->number(),
                           demand->text() ? demand->text()->str() : ""});
    return demands;
}

template <typename Id>
fb::Digest32 to_stored(const Id& id) {
    return fb::Digest32(raw(id.bytes));
}

fb::TreeAfter to_stored(const TreeAfter& tree) {
    return {to_stored(tree.root), tree.bytes, tree.files, tree.directories, tree.others};
}

TreeAfter from_stored(const fb::TreeAfter& tree) {
    return {id_of<NodeId>(tree.root()), tree.bytes(), tree.files(), tree.directories(),
            tree.others()};
}

}  // namespace

const char* problem_in(const LogIncarnation& incarnation) {
    try {
        check_source_name(incarnation.name);
    } catch (const Error&) {
        return "its name cannot be a directory of the mount";
    }
    if (incarnation.source == 0 || incarnation.number == 0) return "its numbers start at 1";
    if (incarnation.origin.size() > origin_bytes_max) return "its origin is too long";
    if (!incarnation.fork) return nullptr;
    const bool is_earlier =
        incarnation.fork->parent > 0 && incarnation.fork->parent < incarnation.number;
    return is_earlier ? nullptr : "its parent is not an earlier one";
}

const char* problem_in(const LogSegment& segment) {
    if (!is_file_name(segment.name)) return "its name is not a file name";
    if (segment.source == 0 || segment.incarnation == 0) return "its numbers start at 1";
    if (segment.begin >= segment.end) return "it ends before it begins";
    if (segment.points.has_value() != (segment.point_count > 0))
        return "the number of its restore points is wrong";
    if (const char* problem = problem_in_demands(segment)) return problem;
    return problem_in_extents(segment);
}

const char* problem_in(const LogSpan& span) {
    if (span.source == 0 || span.incarnation == 0) return "its numbers start at 1";
    if (span.after >= span.until) return "it ends before it begins";
    return span.reason.size() <= reason_bytes_max ? nullptr : "its reason is too long";
}

Bytes encode(const LogIncarnation& incarnation) {
    flatbuffers::FlatBufferBuilder builder;
    const auto name = builder.CreateString(incarnation.name);
    const auto origin = builder.CreateString(incarnation.origin);
    const auto fork = incarnation.fork.value_or(LogIncarnation::Fork{});
    return finish(builder,
                  fb::CreateLogIncarnation(builder, name, origin, incarnation.started.ns,
                                           fork.parent, fork.at.value),
                  incarnation_identifier);
}

LogIncarnation decode_incarnation(LogKey key, ByteView bytes) {
    const std::string record =
        fmt::format("record of log {} of source {}", key.incarnation, key.source);
    const Verified<fb::LogIncarnation> stored(bytes, incarnation_identifier, record);
    LogIncarnation incarnation{.source = key.source,
                               .number = key.incarnation,
                               .name = stored->name()->str(),
                               .origin = stored->origin() ? stored->origin()->str() : "",
                               .started = {stored->started()},
                               .fork = {}};
    if (stored->parent() != 0) incarnation.fork = {stored->parent(), {stored->fork()}};
    return checked(std::move(incarnation), record);
}

Bytes encode(const StoredSegment& stored) {
    const LogSegment& segment = stored.segment;
    flatbuffers::FlatBufferBuilder builder;
    std::vector<fb::SegmentExtent> extents;
    for (const SegmentExtent& extent : segment.extents)
        extents.emplace_back(extent.length, to_stored(extent.chunk), extent.offset);
    const auto name = builder.CreateString(segment.name);
    const auto stored_extents = builder.CreateVectorOfStructs(extents);
    const auto demands = to_stored(builder, segment.demands);
    fb::Digest32 list, points, entries;
    fb::TreeAfter tree;
    if (segment.list) list = to_stored(*segment.list);
    if (segment.points) points = to_stored(*segment.points);
    if (segment.tree_after) tree = to_stored(*segment.tree_after);
    if (segment.entries) entries = to_stored(*segment.entries);
    return finish(builder,
                  fb::CreateLogSegment(builder, segment.sequence, name, segment.begin.value,
                                       segment.first_time.ns, segment.last_time.ns, segment.bytes,
                                       stored_extents, segment.list ? &list : nullptr,
                                       segment.points ? &points : nullptr, segment.point_count,
                                       segment.newest_point.ns, stored.newest_so_far.ns,
                                       segment.tree_after ? &tree : nullptr,
                                       segment.entries ? &entries : nullptr, demands),
                  segment_identifier);
}

StoredSegment decode_segment(const ParsedLogKey& key, ByteView bytes) {
    const std::string record = record_name("the segment up to", key);
    const Verified<fb::LogSegment> stored(bytes, segment_identifier, record);
    LogSegment segment;
    segment.source = key.log.source;
    segment.incarnation = key.log.incarnation;
    segment.sequence = stored->sequence();
    segment.name = stored->name()->str();
    segment.begin.value = stored->begin();
    segment.end = key.position;
    segment.first_time.ns = stored->first_time();
    segment.last_time.ns = stored->last_time();
    segment.bytes = stored->bytes();
    if (stored->extents())
        for (const fb::SegmentExtent* extent : *stored->extents())
            segment.extents.push_back(
                {extent->length(), id_of<ChunkId>(extent->chunk()), extent->offset()});
    if (stored->list()) segment.list = id_of<NodeId>(*stored->list());
    if (stored->points()) segment.points = id_of<NodeId>(*stored->points());
    segment.point_count = stored->point_count();
    segment.newest_point.ns = stored->newest_point();
    if (stored->tree_after()) segment.tree_after = from_stored(*stored->tree_after());
    if (stored->entries()) segment.entries = id_of<NodeId>(*stored->entries());
    segment.demands = from_stored(stored->demands());
    return {checked(std::move(segment), record), {stored->newest_so_far()}};
}

Bytes encode(const LogRun& run) {
    flatbuffers::FlatBufferBuilder builder;
    return finish(builder, fb::CreateLogRun(builder, run.end.value), run_identifier);
}

LogRun decode_run(const ParsedLogKey& key, ByteView bytes) {
    const std::string record = record_name("the run from", key);
    const Verified<fb::LogRun> stored(bytes, run_identifier, record);
    const LogRun run{key.position, {stored->end()}};
    if (run.begin >= run.end) throw damaged(record, "it ends before it begins");
    return run;
}

Bytes encode(const LogSpan& span) {
    flatbuffers::FlatBufferBuilder builder;
    const auto reason = builder.CreateString(span.reason);
    return finish(builder,
                  fb::CreateLogSpan(builder, span.after.value, span.from_time.ns, span.to_time.ns,
                                    static_cast<std::uint8_t>(span.kind), reason),
                  span_identifier);
}

LogSpan decode_span(const ParsedLogKey& key, ByteView bytes) {
    const std::string record = record_name("the span up to", key);
    const Verified<fb::LogSpan> stored(bytes, span_identifier, record);
    const LogSpan span{.source = key.log.source,
                       .incarnation = key.log.incarnation,
                       .after = {stored->after()},
                       .until = key.position,
                       .from_time = {stored->from_time()},
                       .to_time = {stored->to_time()},
                       .kind = LogSpan::Kind{stored->kind()},
                       .reason = stored->reason()->str()};
    if (span.kind != LogSpan::Kind::lost && span.kind != LogSpan::Kind::uncertain)
        throw Error(Errc::unsupported,
                    fmt::format("{}: kind {} is unknown", record, stored->kind()),
                    {"it was made by a newer version"});
    return checked(span, record);
}

}  // namespace yore::catalog
