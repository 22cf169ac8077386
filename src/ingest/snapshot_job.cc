// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/ingest/snapshot_job.h>

#include <unistd.h>

#include "ingest/directory_snapshot.h"

namespace yore::ingest {
namespace {

void check_kind(const catalog::Source& source, catalog::SourceKind kind) {
    if (source.kind != kind)
        throw Error(Errc::invalid, fmt::format("source {}: it is a {}, not a {}", source.name,
                                               name_of(source.kind), name_of(kind)));
}

}  // namespace

catalog::Snapshot take_directory_snapshot(catalog::Catalog& catalog,
                                          const store::ObjectCache& cache,
                                          const catalog::Source& source,
                                          const SnapshotOptions& options, const Clock& clock,
                                          std::stop_token stop) {
    check_kind(source, catalog::SourceKind::directory);
    DirectoryReading reading{open_source(source.directory.path),
                             find_before(catalog, cache, source)};
    if (reading.before.snapshot) reading.trust = TrustRule(*reading.before.snapshot);
    return take({catalog, cache, source, options, clock}, std::move(reading), std::move(stop));
}

namespace {

tree::Entry stream_entry(tree::FileKind kind, std::string name, Timestamp now) {
    tree::Entry entry;
    entry.name = std::move(name);
    entry.attributes.kind = kind;
    entry.attributes.permissions = kind == tree::FileKind::directory ? 0700 : 0600;
    entry.attributes.uid = ::geteuid();
    entry.attributes.gid = ::getegid();
    entry.attributes.modified = entry.attributes.changed = now;
    return entry;
}

/// Sends a directory that holds the stream as its one file.
void send_stream(TreeRun& run, const std::string& file_name, const StreamReader& read,
                 const Clock& clock) {
    const auto fill = [&](std::uint64_t, MutableBytes into) {
        std::size_t done = 0;
        for (std::size_t got; done < into.size(); done += got) {
            if (run.outbox().stop().stop_requested()) break;
            got = read(into.subspan(done));
            YORE_ENSURE(got <= into.size() - done);
            if (got == 0) break;
        }
        run.counters().bytes_read.add(done);
        run.counters().bytes.add(done);
        return done;
    };
    run.outbox().send(EnterDirectory{});
    run.outbox().send(BeginContent{});
    const std::uint64_t size =
        run.cutter().send({0, INT64_MAX}, chunker::Cutting::content_defined, fill, {});
    run.outbox().check_stop();
    AddEntry add{stream_entry(tree::FileKind::regular, file_name, clock.now())};
    add.entry.attributes.size = size;
    add.from = ContentFrom::pieces;
    run.outbox().send(std::move(add));
    run.counters().files.add(1);
    tree::Entry root = stream_entry(tree::FileKind::directory, "root", clock.now());
    root.attributes.link_count = 2;
    run.outbox().send(LeaveDirectory{std::move(root)});
}

}  // namespace

catalog::Snapshot take_stream_snapshot(catalog::Catalog& catalog, const store::ObjectCache& cache,
                                       const catalog::Source& source, const std::string& file_name,
                                       const StreamReader& read, const SnapshotOptions& options,
                                       const Clock& clock, std::stop_token stop) {
    check_kind(source, catalog::SourceKind::stream);
    if (file_name.empty() || file_name.size() > 255 || file_name == "." || file_name == ".." ||
        file_name.find('/') != std::string::npos || file_name.find('\0') != std::string::npos)
        throw Error(Errc::invalid, fmt::format("file name {}: not a name of a file", file_name));
    SnapshotRun run({catalog, cache, source, options, clock}, std::move(stop));
    SnapshotRun::Work work;
    work.send = [&] {
        send_stream(run.tree(), file_name, read, clock);
        return true;
    };
    return run.finish(work);
}

}  // namespace yore::ingest
