// SPDX-License-Identifier: Apache-2.0
// Opening a moment of a long history on a disk: 10^8 restore points in 100,000 journal segments, a
// tree stored after each, and 10,000 snapshots. Each segment renames a file 1,000 times. moments.h
// says how to run it.
#include <yore/format/journal.h>

#include "moments.h"

namespace {

using namespace yore;
using namespace yore::bench;

/// Writes the history.
class Making {
  public:
    Making() : root_(put_root()) {}
    void run() {
        for (std::int64_t i = 0; i < segment_count(); ++i) {
            auto changes = add_segment(i * points_each);
            if (i == 0)
                changes.push_back(catalog::Logs::put({source_.id, 1, "journal-1", {}, {}, {}}));
            if (i % 10 == 0) changes.push_back(snapshot(i * points_each));
            writer_->commit(changes);
        }
    }

  private:
    static catalog::Source home() {
        catalog::Source home;
        home.name = "home";
        home.directory.path = "/srv/home";
        return home;
    }
    NodeId put_root() {
        tree::DirectoryBuilder files(*writer_, bounds_);
        for (int i = 0; i < 100; ++i) {
            tree::Entry entry;
            entry.name = fmt::format("file-{:03}-a", i);
            files.add(entry);
        }
        const auto built = files.finish();
        tree::Entry top;
        top.name = "root";
        top.attributes.kind = tree::FileKind::directory;
        top.child = built.top;
        top.totals = built.totals;
        tree::DirectoryBuilder root(*writer_, bounds_);
        root.add(top);
        return root.finish().top;
    }
    /// Each file is renamed five times there and back: afterwards the tree is what it was.
    std::vector<store::RecordChange> add_segment(std::int64_t begin) {
        format::Journal journal{{static_cast<std::uint64_t>(begin) + 1}, {}};
        format::RestorePointsBuilder points;
        for (std::int64_t i = 0; i < points_each; ++i) {
            const auto name = fmt::format("file-{:03}-", i / 10);
            journal.records.push_back({format::JournalRecord::Kind::move,
                                       time_of(begin + i),
                                       {name + "ab"[i % 2], name + "ba"[i % 2]}});
            points.add({{journal.begin.value + static_cast<std::uint64_t>(i)}, time_of(begin + i)});
        }
        const Bytes bytes = encode(journal);
        store::Prepared chunk = writer_->prepare_chunk(bytes);
        catalog::LogSegment segment;
        segment.source = source_.id;
        segment.incarnation = 1;
        segment.name = format::journal_name(journal.begin);
        segment.begin = journal.begin;
        segment.end = journal.end();
        segment.first_time = time_of(begin);
        segment.last_time = segment.newest_point = time_of(begin + points_each - 1);
        segment.bytes = bytes.size();
        segment.extents = {{bytes.size(), chunk.chunk_id(), 0}};
        writer_->append(std::move(chunk));
        segment.points = writer_->put_node(points.encode());
        segment.point_count = points.count();
        segment.tree_after.emplace().root = root_;
        return logs_.add(segment);
    }
    store::RecordChange snapshot(std::int64_t begin) {
        const LogPosition at{static_cast<std::uint64_t>(begin) + 1};
        catalog::Snapshot snapshot;
        random_.fill(snapshot.id.bytes);
        snapshot.source = source_.id;
        snapshot.started = snapshot.ended = time_of(begin);
        snapshot.name.second = first_second + begin * point_ns / 1'000'000'000;
        snapshot.root = root_;
        snapshot.log = catalog::SnapshotLog{1, at, at};
        return catalog::Catalog::put(snapshot);
    }

    std::unique_ptr<store::Store> store_ = open();
    catalog::Catalog catalog_{*store_};
    catalog::Logs logs_{*store_};
    catalog::Source source_ = catalog_.add_source(home());
    std::unique_ptr<store::Writer> writer_ = store_->write();
    tree::NodeBounds bounds_{store_->keys().gear};
    SeededRandom random_{1};
    NodeId root_;
};

/// What `ls MOUNT/home/at/<moment>` asks for; how many names it gets.
std::size_t list(const Opened& opened, std::int64_t position) {
    return opened.list("home/at/" + view::moment_name(time_of(position)));
}

void first_listing_cold(benchmark::State& state) {
    ask_cold(state, [](const Opened& opened, std::int64_t position) {
        return list(opened, position) == 100;
    });
}
BENCHMARK(first_listing_cold)->Unit(benchmark::kMillisecond)->Iterations(20)->UseRealTime();

void first_listing(benchmark::State& state) {
    const Opened opened;
    SeededRandom random(8);
    for (auto _ : state)
        if (list(opened, random_point(random)) != 100)
            state.SkipWithError("not the tree that was stored");
}
BENCHMARK(first_listing)->Unit(benchmark::kMillisecond)->Iterations(200)->UseRealTime();

void listing_again(benchmark::State& state) {
    const Opened opened;
    const std::int64_t position = segment_count() * points_each / 2 + 77;
    list(opened, position);
    for (auto _ : state) benchmark::DoNotOptimize(list(opened, position));
}
BENCHMARK(listing_again)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace

int main(int count, char** arguments) {
    return run(count, arguments, [] { Making().run(); });
}
