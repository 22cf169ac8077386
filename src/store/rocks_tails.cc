// SPDX-License-Identifier: Apache-2.0
#include "store/rocks_tails.h"

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/format/wire.h>

#include <utility>

#include "store/pack_file.h"
#include "store/rocks_keys.h"
#include "store/rocks_status.h"

namespace yore::store {
namespace {

TailKey key_of_row(ByteView row_key) {
    const auto key = parse_tail_key(row_key);
    if (!key)
        throw Error(Errc::corrupt, fmt::format("a piece of a tail has the key {}", to_hex(row_key)),
                    {"check the disk; `yore verify` says what else is damaged"});
    return *key;
}

/// RocksDB writes the number of a batch's first entry into its first eight bytes. The database's
/// own latest number may be that of somebody else's write, which is not synced yet.
std::uint64_t sequence_of(const rocksdb::WriteBatch& written) {
    return format::Decoder(as_bytes(written.Data())).get<std::uint64_t>();
}

}  // namespace

RocksTails::RocksTails(std::string directory, const RocksOptions& options, WriteStop& stop)
    : directory_(std::move(directory)),
      options_(options),
      stop_(stop),
      head_(env_of(options_), directory_ + "/head") {}

void RocksTails::announce_loss(const RocksDatabase& database) {
    const auto& promised = head_.found();
    if (!promised || database->GetLatestSequenceNumber() >= promised->sequence) return;
    lost_ = promised->key;
    log_error(
        "{}: {} was acknowledged and is gone, and so may be others before it: db/ is damaged or an "
        "older copy, or the disk lost what it had confirmed",
        directory_, name_of(*lost_));
    // Later opens would find the numbers in use again.
    if (!options_.read_only) head_.keep_as_lost();
}

std::optional<TailKey> RocksTails::lost_piece() const {
    return appended_.load(std::memory_order_acquire) ? std::nullopt : lost_;
}

void RocksTails::append(const RocksDatabase& database, const TailKey& key, ByteView sealed) {
    rocksdb::WriteBatch write;
    check(write.Put(database.family(family_tails), slice_of(tail_row_key(key)), slice_of(sealed)),
          "prepare a write");
    ensure_free(env_of(options_), directory_, 2 * write.GetDataSize() + free_bytes_after_commits);
    rocksdb::WriteOptions synced;
    synced.sync = true;
    try {
        check(database->Write(synced, &write), "write it");
        head_.write({sequence_of(write), key});
    } catch (const Error& error) {
        throw stop_.stopped_by(error.within(name_of(key)));
    }
    appended_.store(true, std::memory_order_release);
}

void RocksTails::add_drop(const RocksDatabase& database, const TailDrop& drop,
                          rocksdb::WriteBatch& writes) {
    check(writes.DeleteRange(database.family(family_tails), slice_of(tail_row_key({drop.tail, 0})),
                             slice_of(tail_row_key({drop.tail, drop.below}))),
          "prepare a write");
}

void RocksTails::scan(const RocksDatabase& database, const TailKey& first,
                      const Backend::TailVisitor& visit) {
    rocksdb::ReadOptions options;
    options.fill_cache = false;  // read through, once
    std::unique_ptr<rocksdb::Iterator> row(
        database->NewIterator(options, database.family(family_tails)));
    for (row->Seek(slice_of(tail_row_key(first))); row->Valid(); row->Next())
        if (!visit(key_of_row(view_of(row->key())), view_of(row->value()))) return;
    check(row->status(), "scan the tails");
}

std::optional<Backend::StoredPiece> RocksTails::last_piece(const RocksDatabase& database,
                                                           TailId tail, std::uint64_t below) {
    const TailRowKey first = tail_row_key({tail, 0}), end = tail_row_key({tail, below});
    const rocksdb::Slice lower = slice_of(first), upper = slice_of(end);
    rocksdb::ReadOptions options;
    options.iterate_lower_bound = &lower;
    options.iterate_upper_bound = &upper;
    options.fill_cache = false;
    std::unique_ptr<rocksdb::Iterator> row(
        database->NewIterator(options, database.family(family_tails)));
    row->SeekToLast();
    check(row->status(), "look for the last piece of a tail");
    if (!row->Valid()) return std::nullopt;
    return Backend::StoredPiece{key_of_row(view_of(row->key())).position,
                                to_bytes(view_of(row->value()))};
}

}  // namespace yore::store
