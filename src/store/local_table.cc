// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/store/local_table.h>

#include <atomic>
#include <cerrno>
#include <mutex>

#include <rocksdb/cache.h>
#include <rocksdb/db.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <sys/stat.h>

#include "store/rocks_log.h"
#include "store/rocks_status.h"

namespace yore::store {
namespace {

rocksdb::Options table_options() {
    rocksdb::BlockBasedTableOptions table;
    table.block_cache = rocksdb::NewLRUCache(8u << 20);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.format_version = 5;
    table.checksum = rocksdb::kXXH3;
    rocksdb::Options options;
    options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    options.compression = rocksdb::kNoCompression;
    options.info_log = rocks_log();
    options.paranoid_checks = true;
    // A row that was torn by a crash ends the log.
    options.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    options.max_bgerror_resume_count = 0;
    options.write_buffer_size = 8u << 20;
    options.memtable_whole_key_filtering = true;  // most look-ups are for rows that are not there
    options.memtable_prefix_bloom_size_ratio = 0.05;
    options.max_total_wal_size = 16u << 20;
    options.max_open_files = 128;
    options.max_file_opening_threads = 1;
    options.skip_stats_update_on_db_open = true;
    options.stats_dump_period_sec = 0;
    options.stats_persist_period_sec = 0;
    return options;
}

std::unique_ptr<rocksdb::DB> open(const rocksdb::Options& options, const std::string& path) {
    rocksdb::DB* database = nullptr;
    const rocksdb::Status status = rocksdb::DB::Open(options, path, &database);
    if (!status.ok()) throw rocks_open_error(path, status);
    return std::unique_ptr<rocksdb::DB>(database);
}

}  // namespace

struct LocalTable::State {
    explicit State(const std::string& where)
        : path(where), database(open(table_options(), where)) {}

    const std::string path;
    const std::unique_ptr<rocksdb::DB> database;
    /// Counts of writes: those that have returned, and of these, those that are durable.
    std::atomic<std::uint64_t> written{0}, synced{0};
    std::mutex sync_mutex;
};

void LocalTable::create(const std::string& path) {
    rocksdb::Options options = table_options();
    options.create_if_missing = true;
    if (::mkdir(path.c_str(), 0700) != 0) throw system_error("make", path, errno);
    check(open(options, path)->Close(), [&] { return "create " + path; });
}

LocalTable::LocalTable(const std::string& path) : state_(std::make_unique<State>(path)) {}

/// The log is kept as it is: an open replays it, 16 MiB at most.
LocalTable::~LocalTable() = default;

std::optional<Bytes> LocalTable::get(ByteView key) const {
    rocksdb::PinnableSlice value;
    const rocksdb::Status status = state_->database->Get(
        rocksdb::ReadOptions(), state_->database->DefaultColumnFamily(), slice_of(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    check(status, [&] { return fmt::format("{}: row {}", state_->path, to_hex(key)); });
    return to_bytes(view_of(value));
}

void LocalTable::scan(ByteView prefix, ByteView first,
                      const std::function<bool(ByteView key, ByteView value)>& visit) const {
    const std::unique_ptr<rocksdb::Iterator> at(
        state_->database->NewIterator(rocksdb::ReadOptions()));
    for (at->Seek(slice_of(first)); at->Valid(); at->Next()) {
        if (!at->key().starts_with(slice_of(prefix))) return;
        if (!visit(view_of(at->key()), view_of(at->value()))) return;
    }
    check(at->status(), [&] { return state_->path + ": read rows"; });
}

void LocalTable::write(const std::vector<RowChange>& changes) {
    rocksdb::WriteBatch batch;
    for (const RowChange& change : changes) {
        if (change.value)
            check(batch.Put(slice_of(change.key), slice_of(*change.value)), "add a row");
        else
            check(batch.Delete(slice_of(change.key)), "remove a row");
    }
    rocksdb::Status status = state_->database->Write(rocksdb::WriteOptions(), &batch);
    // Nothing was written; once there is space again, so can rows be.
    if (status.IsNoSpace() && state_->database->Resume().ok())
        status = state_->database->Write(rocksdb::WriteOptions(), &batch);
    check(status, [&] { return state_->path + ": write rows"; });
    state_->written.fetch_add(1);
}

void LocalTable::sync() {
    const std::uint64_t wanted = state_->written.load();
    if (state_->synced.load() >= wanted) return;
    const std::scoped_lock lock(state_->sync_mutex);
    const std::uint64_t covered = state_->written.load();
    if (state_->synced.load() >= wanted) return;  // somebody else's sync took ours with it
    check(state_->database->SyncWAL(), [&] { return state_->path + ": sync"; });
    state_->synced.store(covered);
}

}  // namespace yore::store
