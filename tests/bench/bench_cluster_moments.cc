// SPDX-License-Identifier: Apache-2.0
// From a time to the first byte of a file of a PostgreSQL cluster at that time: 10^8 commits in
// 100,000 segments of 16 MiB, a base backup of 1,000 relation files after each thousand of them. So
// a moment has up to a thousand segments in its pg_wal. moments.h says how to run it.
//
// Restore points are what log push makes of a segment: positions, times in microseconds of which
// some fall, transaction numbers. The bytes of the segments are one text; YORE_BENCH_CONTROL names
// a pg_control of version 15 (tests/postgresql/data/pg_control-15).
#include <yore/base/file.h>
#include <yore/postgresql/segment_name.h>

#include "moments.h"

namespace {

using namespace yore;
using namespace yore::bench;

constexpr std::int64_t segments_each_backup = 1000;
constexpr std::uint64_t first_segment = 3;
constexpr int relations = 1000;
constexpr std::size_t relation_bytes = 128 << 10;
const auto segment_size = *postgresql::SegmentSize::of(16u << 20);

LogPosition begin_of(std::int64_t segment) {
    return {(first_segment + static_cast<std::uint64_t>(segment)) * segment_size.bytes()};
}

std::string relation_name(std::uint64_t number) {
    return fmt::format("{}", 16384 + number);
}

/// Writes the history.
class Making {
  public:
    void run() {
        for (std::int64_t i = 0; i < segment_count(); ++i) {
            auto changes = logs_.add(segment(i));
            if (i == 0)
                changes.push_back(
                    catalog::Logs::put({source_.id, 1, "00000001", "7000000000000000001", {}, {}}));
            if (i % segments_each_backup == 0) changes.push_back(backup(i));
            writer_->commit(changes);
        }
    }

  private:
    static catalog::Source cluster() {
        catalog::Source cluster;
        cluster.name = "db";
        cluster.kind = catalog::SourceKind::postgresql;
        cluster.postgresql.conninfo = "host=db1";
        return cluster;
    }

    ChunkId put_chunk(ByteView bytes) {
        store::Prepared chunk = writer_->prepare_chunk(bytes);
        const ChunkId id = chunk.chunk_id();
        writer_->append(std::move(chunk));
        return id;
    }
    tree::Entry file(std::string name, ByteView bytes) {
        tree::Entry entry;
        entry.name = std::move(name);
        if (!bytes.empty()) entry.content.extents = {{bytes.size(), put_chunk(bytes), 0}};
        entry.attributes.size = entry.content.size = bytes.size();
        return entry;
    }
    /// `entries` by name.
    tree::Entry directory_of(std::string name, const std::vector<tree::Entry>& entries) {
        tree::DirectoryBuilder builder(*writer_, bounds_);
        for (const tree::Entry& entry : entries) builder.add(entry);
        const auto built = builder.finish();
        tree::Entry entry;
        entry.name = std::move(name);
        entry.attributes.kind = tree::FileKind::directory;
        entry.child = built.top;
        entry.totals = built.totals;
        return entry;
    }

    NodeId put_tree() {
        const char* control = std::getenv("YORE_BENCH_CONTROL");
        const auto control_file = read_file(control != nullptr ? control : "");
        if (!control_file) throw Error(Errc::invalid, "YORE_BENCH_CONTROL names no file");
        std::vector<tree::Entry> files;
        Bytes bytes(relation_bytes);
        for (int i = 0; i < relations; ++i) {
            random_.fill(MutableBytes(bytes).first(64));
            bytes[0] = std::byte{'b'};
            files.push_back(file(relation_name(static_cast<std::uint64_t>(i)), bytes));
        }
        const auto database = directory_of("5", files);
        const auto base = directory_of("base", {database});
        const auto global = directory_of("global", {file("pg_control", *control_file)});
        const auto tree = directory_of(
            "root", {file("PG_VERSION", as_bytes("15\n")), base, global,
                     file("pg_hba.conf", as_bytes("local all all trust\n")),
                     file("pg_ident.conf", {}), directory_of("pg_tblspc", {}),
                     directory_of("pg_wal", {}), file("postgresql.auto.conf", as_bytes("# none\n")),
                     file("postgresql.conf", as_bytes("max_connections = 100\n"))});
        return *directory_of("", {tree}).child;
    }

    format::RestorePointsBuilder commits(std::int64_t segment) {
        format::RestorePointsBuilder points;
        std::uint64_t position = begin_of(segment).value + 40;
        for (std::int64_t i = 0; i < points_each; ++i) {
            const std::int64_t point = segment * points_each + i;
            position += 8 * (1000 + random_.below(1000));
            const bool falls = random_.below(1000) == 0;
            points.add({{position},
                        time_of(falls ? point - 2 : point),
                        static_cast<std::uint64_t>(point) + 700 + random_.below(4)});
        }
        return points;
    }

    catalog::LogSegment segment(std::int64_t number) {
        const auto points = commits(number);
        catalog::LogSegment segment;
        segment.source = source_.id;
        segment.incarnation = 1;
        segment.sequence = first_segment + static_cast<std::uint64_t>(number);
        segment.name = postgresql::to_text(
            postgresql::LogFileName{
                postgresql::LogFileName::Kind::segment, {1}, {segment.sequence}, 0},
            segment_size);
        segment.begin = begin_of(number);
        segment.end = begin_of(number + 1);
        segment.first_time = time_of(number * points_each);
        segment.last_time = segment.newest_point = time_of((number + 1) * points_each - 1);
        segment.bytes = segment_size.bytes();
        segment.list = log_.list;
        segment.points = writer_->put_node(points.encode());
        segment.point_count = points.count();
        return segment;
    }
    /// 64 blocks of 256 KiB.
    tree::Content put_log() {
        tree::ContentBuilder builder(*writer_);
        const Bytes block(256 << 10, std::byte{'w'});
        const ChunkId chunk = put_chunk(block);
        for (int i = 0; i < 64; ++i) builder.add({block.size(), chunk, 0});
        return builder.finish();
    }

    store::RecordChange backup(std::int64_t segment) {
        catalog::Snapshot snapshot;
        random_.fill(snapshot.id.bytes);
        snapshot.source = source_.id;
        snapshot.started = snapshot.ended = time_of(segment * points_each);
        snapshot.name.second = first_second + segment * points_each * point_ns / 1'000'000'000;
        snapshot.root = root_;
        const LogPosition start{begin_of(segment).value + 40}, stop{start.value + 264};
        snapshot.log = catalog::SnapshotLog{1, start, stop};
        snapshot.base_backup.emplace().start = start;
        snapshot.base_backup->stop = stop;
        snapshot.base_backup->timeline = 1;
        snapshot.base_backup->server_version = 150'018;
        return catalog::Catalog::put(snapshot);
    }

    std::unique_ptr<store::Store> store_ = open();
    catalog::Catalog catalog_{*store_};
    catalog::Logs logs_{*store_};
    catalog::Source source_ = catalog_.add_source(cluster());
    std::unique_ptr<store::Writer> writer_ = store_->write();
    tree::NodeBounds bounds_{store_->keys().gear};
    SeededRandom random_{1};
    NodeId root_ = put_tree();
    tree::Content log_ = put_log();
};

/// Whether it is what was stored.
bool read_first_byte(const Opened& opened, std::int64_t point, std::uint64_t relation) {
    const auto node =
        opened.view.resolve(fmt::format("db/at/{}/base/5/{}", view::moment_name(time_of(point)),
                                        relation_name(relation % relations)));
    if (!node) return false;
    const auto content = opened.view.open(*node);
    std::byte first{};
    return std::get<tree::ContentReader>(content).read(0, {&first, 1}) == 1 &&
           first == std::byte{'b'};
}

/// Behind the end of the first base backup.
std::int64_t later_point(std::int64_t point) {
    return std::max(point, points_each);
}

void first_byte_cold(benchmark::State& state) {
    ask_cold(state, [](const Opened& opened, std::int64_t point) {
        return read_first_byte(opened, later_point(point), static_cast<std::uint64_t>(point));
    });
}
BENCHMARK(first_byte_cold)->Unit(benchmark::kMillisecond)->Iterations(20)->UseRealTime();

void first_byte(benchmark::State& state) {
    const Opened opened;
    SeededRandom random(8);
    for (auto _ : state)
        if (!read_first_byte(opened, later_point(random_point(random)), random.below(relations)))
            state.SkipWithError("not what was stored");
}
BENCHMARK(first_byte)->Unit(benchmark::kMillisecond)->Iterations(200)->UseRealTime();

/// Farthest from its base backup.
void first_byte_after_many_segments(benchmark::State& state) {
    ask_cold(state, [](const Opened& opened, std::int64_t point) {
        const std::int64_t backup = segments_each_backup * points_each;
        const std::int64_t last = std::max<std::int64_t>(point / backup, 1) * backup - 1;
        return read_first_byte(opened, last, static_cast<std::uint64_t>(point));
    });
}
BENCHMARK(first_byte_after_many_segments)
    ->Unit(benchmark::kMillisecond)
    ->Iterations(20)
    ->UseRealTime();

void first_byte_again(benchmark::State& state) {
    const Opened opened;
    const std::int64_t point = segment_count() * points_each / 2 + 77;
    read_first_byte(opened, point, 3);
    for (auto _ : state) benchmark::DoNotOptimize(read_first_byte(opened, point, 3));
}
BENCHMARK(first_byte_again)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

int main(int count, char** arguments) {
    return run(count, arguments, [] { Making().run(); });
}
