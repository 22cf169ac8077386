// SPDX-License-Identifier: Apache-2.0
#include "catalog/records.h"

#include <yore/base/error.h>

#include "catalog/record_bytes.h"
#include "format/catalog_generated.h"

namespace yore::catalog {
namespace {

namespace fb = format::catalog;
constexpr char counters_identifier[] = "YCC1";
constexpr char source_identifier[] = "YCS1";
constexpr char snapshot_identifier[] = "YCN1";
constexpr char hold_identifier[] = "YCH1";
constexpr std::size_t hold_reason_bytes_max = 1000;

fb::Counts to_stored(const SnapshotCounts& counts) {
    return {counts.files,        counts.directories,     counts.others,
            counts.bytes,        counts.bytes_read,      counts.bytes_new,
            counts.bytes_stored, counts.files_unchanged, counts.problems};
}

SnapshotCounts from_stored(const fb::Counts& counts) {
    return {counts.files(),        counts.directories(),     counts.others(),
            counts.bytes(),        counts.bytes_read(),      counts.bytes_new(),
            counts.bytes_stored(), counts.files_unchanged(), counts.problems()};
}

using Strings = flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>;

/// None are absent.
flatbuffers::Offset<Strings> put(flatbuffers::FlatBufferBuilder& builder,
                                 const std::vector<std::string>& texts) {
    if (texts.empty()) return {};
    return builder.CreateVectorOfStrings(texts);
}

std::vector<std::string> from_stored(const Strings* stored) {
    std::vector<std::string> texts;
    if (stored)
        for (const auto* text : *stored) texts.push_back(text->str());
    return texts;
}

flatbuffers::Offset<fb::Directory> put(flatbuffers::FlatBufferBuilder& builder,
                                       const DirectoryOptions& directory) {
    const auto path = builder.CreateString(directory.path);
    const auto excludes = put(builder, directory.excludes);
    return fb::CreateDirectory(builder, path, directory.one_file_system,
                               directory.ignore_cache_dirs, directory.ignore_nodump, excludes);
}

DirectoryOptions from_stored(const fb::Directory& stored) {
    return {stored.path()->str(), stored.one_file_system(), stored.ignore_cache_dirs(),
            stored.ignore_nodump(), from_stored(stored.excludes())};
}

flatbuffers::Offset<fb::BaseBackup> put(flatbuffers::FlatBufferBuilder& builder,
                                        const BaseBackup& backup) {
    const auto libraries = put(builder, backup.needs.libraries);
    const auto collations = put(builder, backup.needs.collations);
    return fb::CreateBaseBackup(builder, backup.system_identifier, backup.server_version,
                                backup.timeline, backup.start.value, backup.stop.value,
                                backup.from_standby, backup.damaged_pages, libraries, collations,
                                backup.rolled_from ? backup.rolled_from->second : 0,
                                backup.rolled_from ? backup.rolled_from->ordinal : 0);
}

BaseBackup from_stored(const fb::BaseBackup& stored, std::string_view record) {
    if (stored.timeline() == 0 || stored.stop() < stored.start())
        throw damaged(record, "a base backup on no timeline, or one that ends before it begins");
    std::optional<SnapshotName> rolled_from;
    if (stored.rolled_from_ordinal() != 0)
        rolled_from = {stored.rolled_from_second(), stored.rolled_from_ordinal()};
    return {.system_identifier = stored.system_identifier(),
            .server_version = stored.server_version(),
            .timeline = stored.timeline(),
            .start = {stored.start()},
            .stop = {stored.stop()},
            .from_standby = stored.from_standby(),
            .damaged_pages = stored.damaged_pages(),
            .needs = {.libraries = from_stored(stored.libraries()),
                      .collations = from_stored(stored.collations())},
            .rolled_from = rolled_from};
}

flatbuffers::Offset<fb::Retention> put(flatbuffers::FlatBufferBuilder& builder,
                                       const RetentionPolicy& policy) {
    return fb::CreateRetention(builder, policy.last, policy.hourly, policy.daily, policy.weekly,
                               policy.monthly, policy.yearly, policy.within.ns, policy.window.ns);
}

RetentionPolicy from_stored(const fb::Retention& stored, std::string_view record) {
    if (stored.within() < 0 || stored.window() < 0)
        throw damaged(record, "a policy with a negative span");
    return {.last = stored.last(),
            .hourly = stored.hourly(),
            .daily = stored.daily(),
            .weekly = stored.weekly(),
            .monthly = stored.monthly(),
            .yearly = stored.yearly(),
            .within = {stored.within()},
            .window = {stored.window()}};
}

/// An empty one is absent.
flatbuffers::Offset<flatbuffers::String> put(flatbuffers::FlatBufferBuilder& builder,
                                             const std::string& text) {
    if (text.empty()) return {};
    return builder.CreateString(text);
}

std::string from_stored(const flatbuffers::String* stored) {
    return stored ? stored->str() : std::string();
}

flatbuffers::Offset<fb::SourceCheck> put(flatbuffers::FlatBufferBuilder& builder,
                                         const SourceCheck& check) {
    if (check == SourceCheck{}) return {};
    const auto command = put(builder, check.command);
    const auto user = put(builder, check.user);
    const auto sql = put(builder, check.sql);
    return fb::CreateSourceCheck(builder, command, check.time_limit.value_or(Duration{}).ns, user,
                                 sql);
}

SourceCheck from_stored(const fb::SourceCheck& stored, std::string_view record) {
    if (stored.time_limit() < 0) throw damaged(record, "a check with a negative time limit");
    SourceCheck check{.command = from_stored(stored.command()),
                      .user = from_stored(stored.user()),
                      .sql = from_stored(stored.sql())};
    if (stored.time_limit() != 0) check.time_limit = Duration{stored.time_limit()};
    return check;
}

flatbuffers::Offset<fb::Problem> put(flatbuffers::FlatBufferBuilder& builder,
                                     const Problem& problem) {
    constexpr std::string_view cut_mark = "…";
    std::string path = problem.path;
    if (path.size() > problem_path_bytes_max) {
        path.resize(problem_path_bytes_max - cut_mark.size());
        path += cut_mark;
    }
    const auto stored_path = builder.CreateString(path);
    return fb::CreateProblem(builder, stored_path, builder.CreateString(problem.text));
}

void decode_lists(const Verified<fb::Snapshot>& stored, std::string_view record,
                  Snapshot& snapshot) {
    if (stored->tags())
        for (const auto* tag : *stored->tags())
            if (!snapshot.tags.emplace(tag->key()->str(), tag->value()->str()).second)
                throw damaged(record, "a tag is there twice");
    if (!stored->problems()) return;
    if (stored->problems()->size() > problems_max) throw damaged(record, "too many problems");
    for (const auto* problem : *stored->problems())
        snapshot.problems.push_back({problem->path()->str(), problem->text()->str()});
}

}  // namespace

Bytes encode(const Counters& counters) {
    flatbuffers::FlatBufferBuilder builder;
    const std::uint32_t next_hold = counters.next_hold == 1 ? 0 : counters.next_hold;
    return finish(builder, fb::CreateCounters(builder, counters.next_source, next_hold),
                  counters_identifier);
}

Counters decode_counters(ByteView bytes) {
    const Verified<fb::Counters> stored(bytes, counters_identifier, "catalog counters");
    if (stored->next_source() == 0) throw damaged("catalog counters", "source numbers start at 1");
    return {stored->next_source(), std::max(stored->next_hold(), 1u)};
}

Bytes encode(const Source& source) {
    flatbuffers::FlatBufferBuilder builder;
    const auto name = builder.CreateString(source.name);
    flatbuffers::Offset<fb::Directory> directory;
    if (source.kind == SourceKind::directory) directory = put(builder, source.directory);
    flatbuffers::Offset<fb::Postgresql> postgresql;
    if (source.kind == SourceKind::postgresql) {
        const auto conninfo = builder.CreateString(source.postgresql.conninfo);
        const auto config = put(builder, source.postgresql.config_directory);
        postgresql =
            fb::CreatePostgresql(builder, conninfo, config, source.postgresql.pinned_bytes_max);
    }
    flatbuffers::Offset<fb::Retention> retention;
    if (!source.retention.empty()) retention = put(builder, source.retention);
    const auto check = put(builder, source.check);
    return finish(builder,
                  fb::CreateSource(builder, source.id, name, static_cast<std::uint8_t>(source.kind),
                                   source.created.ns, directory, retention,
                                   source.removed.value_or(Timestamp{}).ns, postgresql, check),
                  source_identifier);
}

Source decode_source(std::uint32_t id, ByteView bytes) {
    const std::string record = fmt::format("record of source {}", id);
    const Verified<fb::Source> stored(bytes, source_identifier, record);
    if (stored->id() != id) throw damaged(record, "its number is another");
    Source source{id, stored->name()->str(), SourceKind{stored->kind()}, {stored->created()}, {}};
    if (stored->retention()) source.retention = from_stored(*stored->retention(), record);
    if (stored->removed() != 0) source.removed = Timestamp{stored->removed()};
    if (stored->check()) source.check = from_stored(*stored->check(), record);
    try {
        check_source_name(source.name);
    } catch (const Error& error) {
        throw damaged(record, error.what());
    }
    switch (source.kind) {
        case SourceKind::stream:
            return source;
        case SourceKind::directory:
            if (!stored->directory()) throw damaged(record, "a directory without a path");
            source.directory = from_stored(*stored->directory());
            return source;
        case SourceKind::postgresql:
            if (!stored->postgresql()) throw damaged(record, "a cluster without a conninfo");
            source.postgresql.conninfo = stored->postgresql()->conninfo()->str();
            source.postgresql.config_directory =
                from_stored(stored->postgresql()->config_directory());
            source.postgresql.pinned_bytes_max = stored->postgresql()->pinned_bytes_max();
            return source;
    }
    throw Error(Errc::unsupported, fmt::format("{}: kind {} is unknown", record, stored->kind()),
                {"it was made by a newer version"});
}

Bytes encode(const Hold& hold) {
    flatbuffers::FlatBufferBuilder builder;
    const auto reason = builder.CreateString(hold.reason);
    flatbuffers::Offset<flatbuffers::String> clone;
    if (!hold.clone.empty()) clone = builder.CreateString(hold.clone);
    const SnapshotName name = hold.snapshot.value_or(SnapshotName{0, 0});
    return finish(
        builder,
        fb::CreateHold(builder, hold.created.ns, reason, name.second, name.ordinal, hold.from.ns,
                       hold.to.ns, hold.until.value_or(Timestamp{}).ns, clone),
        hold_identifier);
}

Hold decode_hold(const HoldKey& key, ByteView bytes) {
    const std::string record = fmt::format("record of hold {}", key.number);
    const Verified<fb::Hold> stored(bytes, hold_identifier, record);
    Hold hold{.number = key.number,
              .source = key.source,
              .created = {stored->created()},
              .reason = stored->reason()->str(),
              .from = {stored->from()},
              .to = {stored->to()}};
    if (stored->snapshot_ordinal() != 0)
        hold.snapshot = SnapshotName{stored->snapshot_second(), stored->snapshot_ordinal()};
    if (stored->until() != 0) hold.until = Timestamp{stored->until()};
    if (stored->clone() != nullptr) hold.clone = stored->clone()->str();
    if (const char* problem = problem_in(hold)) throw damaged(record, problem);
    return hold;
}

const char* problem_in(const Hold& hold) {
    if (hold.reason.size() > hold_reason_bytes_max) return "its reason is longer than 1,000 bytes";
    if (hold.snapshot && hold.snapshot->ordinal > SnapshotName::ordinal_max)
        return "its snapshot has no such ordinal";
    if (hold.to < hold.from) return "it ends before it begins";
    return nullptr;
}

Bytes encode(const Snapshot& snapshot) {
    flatbuffers::FlatBufferBuilder builder;
    std::vector<flatbuffers::Offset<fb::Tag>> tags;
    for (const auto& [key, value] : snapshot.tags) {
        const auto stored_key = builder.CreateString(key);
        tags.push_back(fb::CreateTag(builder, stored_key, builder.CreateString(value)));
    }
    std::vector<flatbuffers::Offset<fb::Problem>> problems;
    for (const Problem& problem : snapshot.problems) {
        if (problems.size() == problems_max) break;
        problems.push_back(put(builder, problem));
    }
    const auto host = builder.CreateString(snapshot.host);
    const auto path = builder.CreateString(snapshot.path);
    const auto stored_tags = builder.CreateVector(tags);
    const auto stored_problems = builder.CreateVector(problems);
    flatbuffers::Offset<fb::BaseBackup> base_backup;
    if (snapshot.base_backup) base_backup = put(builder, *snapshot.base_backup);
    const fb::Id16 id(raw(snapshot.id.bytes));
    const fb::Digest32 root(raw(snapshot.root.bytes));
    const fb::Counts counts = to_stored(snapshot.counts);
    return finish(builder,
                  fb::CreateSnapshot(builder, &id, snapshot.started.ns, &root, host, path,
                                     static_cast<std::uint8_t>(snapshot.outcome), &counts,
                                     stored_tags, stored_problems, base_backup),
                  snapshot_identifier);
}

Snapshot decode_snapshot(const SnapshotKey& key, ByteView bytes) {
    const std::string record =
        fmt::format("record of snapshot {} of source {}", key.name.text(), key.source);
    const Verified<fb::Snapshot> stored(bytes, snapshot_identifier, record);
    Snapshot snapshot;
    snapshot.source = key.source;
    snapshot.name = key.name;
    snapshot.ended = key.ended;
    snapshot.log = key.log;
    snapshot.id = id_of<SnapshotId>(*stored->id());
    snapshot.root = id_of<NodeId>(*stored->root());
    snapshot.started.ns = stored->started();
    snapshot.host = stored->host()->str();
    snapshot.path = stored->path()->str();
    snapshot.outcome = Outcome{stored->outcome()};
    snapshot.counts = from_stored(*stored->counts());
    if (snapshot.outcome != Outcome::complete && snapshot.outcome != Outcome::partial)
        throw Error(Errc::unsupported,
                    fmt::format("{}: outcome {} is unknown", record, stored->outcome()),
                    {"it was made by a newer version"});
    if (stored->base_backup()) snapshot.base_backup = from_stored(*stored->base_backup(), record);
    decode_lists(stored, record, snapshot);
    return snapshot;
}

}  // namespace yore::catalog
