// SPDX-License-Identifier: Apache-2.0
#include "store/rocks_options.h"

#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>

namespace yore::store {
namespace {

using rocksdb::BlockBasedTableOptions;
using rocksdb::ColumnFamilyOptions;

BlockBasedTableOptions table_options(const std::shared_ptr<rocksdb::Cache>& cache) {
    BlockBasedTableOptions table;
    table.block_cache = cache;
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.format_version = 5;
    return table;
}

/// Sealed bytes by location: written once in order, read by exact key, dropped by whole files.
ColumnFamilyOptions pack_family(const std::shared_ptr<rocksdb::Cache>& cache) {
    ColumnFamilyOptions family;
    BlockBasedTableOptions table = table_options(cache);
    table.block_size = 4096;  // values are larger: one value a block, no neighbour is read with it
    table.index_shortening = BlockBasedTableOptions::IndexShorteningMode::kShortenSeparators;
    family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    family.compression = rocksdb::kNoCompression;
    family.disable_auto_compactions = true;
    family.write_buffer_size = 8u << 20;
    family.max_write_buffer_number = 2;
    return family;
}

/// Small rows by exact key; a first backup looks up only what is absent.
ColumnFamilyOptions table_family(const std::shared_ptr<rocksdb::Cache>& cache) {
    ColumnFamilyOptions family;
    BlockBasedTableOptions table = table_options(cache);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.whole_key_filtering = true;
    family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    family.compression = rocksdb::kNoCompression;  // ids and sealed rows do not compress
    family.write_buffer_size = 8u << 20;
    family.max_write_buffer_number = 2;
    family.level_compaction_dynamic_level_bytes = true;
    return family;
}

}  // namespace

rocksdb::DBOptions database_options(const RocksOptions& options) {
    rocksdb::DBOptions database;
    if (options.env) database.env = options.env;
    database.create_missing_column_families = false;
    database.paranoid_checks = true;
    database.track_and_verify_wals_in_manifest = true;
    database.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    database.max_open_files = 512;
    database.max_file_opening_threads = 2;
    database.max_background_jobs = 2;
    database.max_total_wal_size = 32u << 20;
    database.bytes_per_sync = 4u << 20;
    // The kernel's read-ahead is what makes a sequential read of a cold pack fast.
    database.advise_random_on_open = false;
    database.skip_stats_update_on_db_open = true;
    database.skip_checking_sst_file_sizes_on_db_open = false;
    database.stats_dump_period_sec = 0;
    database.stats_persist_period_sec = 0;
    database.info_log_level = rocksdb::InfoLogLevel::WARN_LEVEL;
    database.keep_log_file_num = 2;
    database.max_log_file_size = 1u << 20;
    database.avoid_unnecessary_blocking_io = true;
    return database;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const RocksOptions& options) {
    const auto cache = rocksdb::NewLRUCache(options.block_cache_bytes);
    const ColumnFamilyOptions packs = pack_family(cache), tables = table_family(cache);
    return {{"default", tables}, {"chunks", packs}, {"nodes", packs},    {"index", tables},
            {"catalog", tables}, {"packs", tables}, {"commits", tables}, {"tails", tables}};
}

rocksdb::Options pack_options(const RocksOptions& options) {
    rocksdb::Options pack(database_options(options), pack_family(nullptr));
    pack.writable_file_max_buffer_size = 1u << 20;
    return pack;
}

Error rocks_error(const std::string& what, const rocksdb::Status& status) {
    const std::string text = what + ": " + status.ToString();
    if (status.IsNoSpace() || status.subcode() == rocksdb::Status::kNoSpace)
        return Error(Errc::no_space, text, {"free some space; nothing acknowledged was lost"});
    if (status.IsCorruption() || status.IsNotFound() || status.IsInvalidArgument() ||
        status.IsNotSupported())
        return Error(Errc::corrupt, text);
    return Error(Errc::io, text);
}

}  // namespace yore::store
