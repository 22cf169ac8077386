// SPDX-License-Identifier: Apache-2.0
// Says what Yore's reader sees in segments of the write-ahead log, for a test that compares it with
// pg_waldump: a line for each record, one for what stopped the reader, if anything did.
//
//   read_wal SEGMENT...        in their order; the first one's name tells the timeline
//   read_wal FILE.history      a line for each switch of timelines
#include <yore/base/error.h>
#include <yore/postgresql/timeline_history.h>
#include <yore/postgresql/wal_header.h>
#include <yore/postgresql/wal_reader.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <type_traits>

#include <fmt/format.h>

namespace {

using namespace yore;
using namespace yore::postgresql;
using Path = std::filesystem::path;

Bytes content_of(const Path& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw Error(Errc::io, fmt::format("open {}", path.string()));
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    return to_bytes(as_bytes(text));
}

std::string to_text(const std::optional<Timestamp>& time) {
    return time ? fmt::to_string(time->ns) : "-";
}

std::string to_text(const TransactionEnd& end) {
    return fmt::format("{}{} {} {} {} {}",
                       end.kind == TransactionEnd::Kind::commit ? "COMMIT" : "ABORT",
                       end.prepared ? "_PREPARED" : "", end.xid, to_text(end.time),
                       end.subtransaction_count, end.dropped_relation_count);
}
std::string to_text(const NamedPoint& point) {
    return fmt::format("RESTORE_POINT {}", point.name);
}
std::string to_text(const Checkpoint& point) {
    return fmt::format("CHECKPOINT_{} {} {} {} {} {}",
                       point.kind == Checkpoint::Kind::online ? "ONLINE" : "SHUTDOWN",
                       postgresql::to_text(point.redo), point.timeline.value,
                       point.previous_timeline.value, point.full_page_writes, point.next_xid);
}
std::string to_text(const EndOfRecovery& end) {
    return fmt::format("END_OF_RECOVERY {} {} {}", end.timeline.value, end.previous_timeline.value,
                       to_text(end.time));
}
std::string to_text(const ParameterChange& change) {
    const RecoveryLimits& limits = change.limits;
    return fmt::format("PARAMETER_CHANGE {} {} {} {} {} {} {} {}", limits.max_connections,
                       limits.max_worker_processes, limits.max_wal_senders,
                       limits.max_prepared_transactions, limits.max_locks_per_transaction,
                       static_cast<int>(change.wal_level), change.wal_log_hints,
                       change.track_commit_timestamp);
}
std::string to_text(const TablespaceCreate& space) {
    return fmt::format("CREATE {} {}", space.oid, space.path);
}
std::string to_text(const TablespaceDrop& space) {
    return fmt::format("DROP {}", space.oid);
}
std::string to_text(const SegmentSwitch&) {
    return "SWITCH";
}
std::string to_text(const FullPageWrites& writes) {
    return fmt::format("FPW_CHANGE {}", writes.on);
}
std::string to_text(const OverwrittenRecord& record) {
    return fmt::format("OVERWRITE_CONTRECORD {}", postgresql::to_text(record.lsn));
}

struct Printer final : WalListener {
    void on_record(const WalRecord& record, const WalFact* fact) override {
        fmt::print("{} {} {} {} {} {}\n", postgresql::to_text(record.lsn),
                   postgresql::to_text(record.previous), record.resource_manager, record.bytes,
                   record.xid,
                   fact ? std::visit([](const auto& known) { return to_text(known); }, *fact) : "");
    }
};

void print_history(const Path& path) {
    const auto name = parse_log_file_name(path.filename().string(), {}).value();
    for (const TimelineSwitch& each :
         parse_timeline_history(content_of(path), name.timeline, path.string())) {
        fmt::print("{} {} {}\n", each.parent.value, postgresql::to_text(each.at), each.reason);
    }
}

WalReader reader_of(const Path& path, ByteView segment) {
    const SegmentHeader header = parse_segment_header(segment, path.string());
    const auto name = parse_log_file_name(path.filename().string(), header.segment_size);
    const Timeline timeline = name ? name->timeline : header.timeline;
    return WalReader({header.major_version, header.system_identifier, header.segment_size,
                      header.block_bytes, timeline},
                     header.start);
}

void print_records(int count, char** paths) {
    std::optional<WalReader> reader;
    Printer printer;
    for (int i = 0; i < count; ++i) {
        const Bytes segment = content_of(paths[i]);
        if (!reader) reader = reader_of(paths[i], segment);
        reader->feed(segment, printer);
    }
    if (reader && reader->stop()) {
        const WalStop& stop = *reader->stop();
        fmt::print("stop {} {}\n", postgresql::to_text(stop.end), stop.text);
    }
}

}  // namespace

int main(int argc, char** argv) {
    try {
        if (argc == 2 && Path(argv[1]).extension() == ".history") {
            print_history(argv[1]);
        } else {
            print_records(argc - 1, argv + 1);
        }
        return 0;
    } catch (const std::exception& error) {
        fmt::print(stderr, "read_wal: {}\n", error.what());
        return 1;
    }
}
