// SPDX-License-Identifier: Apache-2.0
//
// Memory is bounded whatever the size of the repository: the block cache holds index and filter
// blocks, which are cut into partitions of 4 KiB (a whole one of a pack of small values is larger
// than a shard of the cache, is thrown out at once, and is read anew for each value: 70 us instead
// of 4); open files and memtables have limits.
#include "store/rocks_options.h"

#include <algorithm>
#include <bit>

#include <rocksdb/cache.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/table.h>
#include <rocksdb/utilities/table_properties_collectors.h>

#include "store/rocks_log.h"

namespace yore::store {
namespace {

using rocksdb::BlockBasedTableOptions;
using rocksdb::ColumnFamilyOptions;
using CachePointer = std::shared_ptr<rocksdb::Cache>;

CachePointer make_cache(std::uint64_t bytes) {
    rocksdb::LRUCacheOptions cache;
    cache.capacity = std::max<std::uint64_t>(bytes, 1u << 20);
    // Shards of 2 MiB or more.
    cache.num_shard_bits = std::clamp(static_cast<int>(std::bit_width(cache.capacity >> 22)), 0, 4);
    cache.high_pri_pool_ratio = 0.7;
    return rocksdb::NewLRUCache(cache);
}

BlockBasedTableOptions table_options(const CachePointer& cache) {
    BlockBasedTableOptions table;
    table.block_cache = cache;
    table.index_type = BlockBasedTableOptions::IndexType::kTwoLevelIndexSearch;
    table.metadata_block_size = 4096;
    table.cache_index_and_filter_blocks = true;
    table.cache_index_and_filter_blocks_with_high_priority = true;
    table.format_version = 5;
    // 20 GB/s here; Debian's RocksDB computes CRC-32C in software, at 1.3 GB/s.
    table.checksum = rocksdb::kXXH3;
    return table;
}

/// Sealed bytes by location: written once in order, read by exact key, dropped by whole files. No
/// filter: keys of two files never interleave, so their bounds say which one has it.
ColumnFamilyOptions pack_family(const CachePointer& cache) {
    ColumnFamilyOptions family;
    BlockBasedTableOptions table = table_options(cache);
    table.block_size = 4096;  // most values are larger: one value a block
    family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    family.compression = rocksdb::kNoCompression;
    family.disable_auto_compactions = true;
    family.write_buffer_size = 64u << 10;  // nothing goes through it
    return family;
}

/// Small rows by exact key or prefix.
ColumnFamilyOptions table_family(const CachePointer& cache, std::size_t write_buffer_bytes) {
    ColumnFamilyOptions family;
    BlockBasedTableOptions table = table_options(cache);
    table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
    table.partition_filters = true;
    family.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
    family.compression = rocksdb::kNoCompression;  // ids and sealed rows do not compress
    family.write_buffer_size = write_buffer_bytes;
    family.max_write_buffer_number = 2;
    return family;
}

/// Rows whose keys grow from run to run. Compaction by levels would only move such files down, as
/// they do not overlap, and leave one of each short run for ever: this merges files of like sizes.
ColumnFamilyOptions growing_family(const CachePointer& cache, std::size_t write_buffer_bytes) {
    ColumnFamilyOptions family = table_family(cache, write_buffer_bytes);
    family.compaction_style = rocksdb::kCompactionStyleUniversal;
    return family;
}

/// Ids are random: files always overlap. A first backup looks up only what is absent, so the
/// memtable gets a filter too.
ColumnFamilyOptions index_family(const CachePointer& cache) {
    ColumnFamilyOptions family = table_family(cache, 8u << 20);
    family.level_compaction_dynamic_level_bytes = true;
    family.memtable_prefix_bloom_size_ratio = 0.02;
    family.memtable_whole_key_filtering = true;
    return family;
}

/// Items of small packs. Dropped by key: files in which most keys are deleted are compacted.
ColumnFamilyOptions inline_family(const CachePointer& cache) {
    ColumnFamilyOptions family = growing_family(cache, 8u << 20);
    family.table_properties_collector_factories.push_back(
        rocksdb::NewCompactOnDeletionCollectorFactory(128, 64));
    return family;
}

void set_durability(rocksdb::DBOptions& database) {
    database.paranoid_checks = true;
    database.track_and_verify_wals_in_manifest = true;
    // A record that was torn by a crash ends the log; `head` tells it from damage.
    database.wal_recovery_mode = rocksdb::WALRecoveryMode::kPointInTimeRecovery;
    // What was recovered is in synced files before `head` may say so.
    database.avoid_flush_during_recovery = false;
    // After a background error nothing is written until somebody looked.
    database.max_bgerror_resume_count = 0;
}

void set_limits(rocksdb::DBOptions& database) {
    database.max_open_files = 512;          // half of the usual limit of a process
    database.max_file_opening_threads = 1;  // two start and join a thread for each family
    database.max_background_jobs = 2;
    database.db_write_buffer_size = 24u << 20;
    database.max_total_wal_size = 16u << 20;  // an open after a crash reads this much
    database.manifest_preallocation_size = 64u << 10;
    database.bytes_per_sync = 4u << 20;  // so that little is left for the sync at the end of a pack
    database.writable_file_max_buffer_size = 1u << 20;
    // The kernel's read-ahead is what makes a sequential read of a cold pack fast.
    database.advise_random_on_open = false;
    database.skip_stats_update_on_db_open = true;
    database.stats_dump_period_sec = 0;
    database.stats_persist_period_sec = 0;
}

}  // namespace

rocksdb::Env& env_of(const RocksOptions& options) {
    return options.env ? *options.env : *rocksdb::Env::Default();
}

rocksdb::DBOptions database_options(const RocksOptions& options) {
    rocksdb::DBOptions database;
    database.env = &env_of(options);
    database.info_log = rocks_log();
    set_durability(database);
    set_limits(database);
    return database;
}

std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const RocksOptions& options) {
    const CachePointer cache = make_cache(options.block_cache_bytes);
    const ColumnFamilyOptions packs = pack_family(cache);
    const ColumnFamilyOptions rows = growing_family(cache, 2u << 20);
    return {{"default", rows},
            {"chunks", packs},
            {"nodes", packs},
            {"inline", inline_family(cache)},
            {"index", index_family(cache)},
            {"catalog", rows},
            {"packs", rows},
            {"commits", rows},
            {"tails", rows}};
}

rocksdb::Options pack_file_options(const RocksOptions& options) {
    return {database_options(options), pack_family(make_cache(0))};
}

}  // namespace yore::store
