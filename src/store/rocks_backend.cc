// SPDX-License-Identifier: Apache-2.0
/// Packs, commits, tails and tables in one RocksDB.
///
/// A pack is an SST file written beside the database and moved into it by the commit that names it:
/// content goes through no memtable and no compaction. The order of an append is the promise: pack
/// files synced (PackSink::finish), ingested, one synced write batch, then `head`.
///
/// Packs too small for a file travel in the batch, into a family of their own. In `chunks` and
/// `nodes`, where nothing is compacted, each short run would leave one more tiny file for every
/// open and read to pass: after 1,000 runs an open took 67 ms instead of 9 (CPU), a read 25 us
/// instead of 3.
#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/store/rocks_backend.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include "store/head.h"
#include "store/pack_file.h"
#include "store/recovery.h"
#include "store/rocks_database.h"
#include "store/rocks_files.h"
#include "store/rocks_keys.h"
#include "store/rocks_status.h"
#include "store/rocks_tails.h"
#include "store/write_stop.h"

namespace yore::store {
namespace {

using Ingestion = rocksdb::IngestExternalFileArg;

std::string database_path(const std::string& directory) {
    return directory + "/db";
}
std::string packs_path(const std::string& directory) {
    return directory + "/packs";
}
std::string head_path(const std::string& directory) {
    return directory + "/head";
}

void sync_directory(rocksdb::Env& env, const std::string& path) {
    std::unique_ptr<rocksdb::Directory> directory;
    const auto what = [&] { return "sync " + path; };
    check(env.NewDirectory(path, &directory), what);
    check(directory->Fsync(), what);
}

/// The first key after all that start with `prefix`. None: empty.
Bytes end_of_prefix(ByteView prefix) {
    Bytes end = to_bytes(prefix);
    while (!end.empty() && end.back() == std::byte{0xff}) end.pop_back();
    if (!end.empty()) end.back() = static_cast<std::byte>(static_cast<unsigned>(end.back()) + 1);
    return end;
}

void copy_into(Buffer& into, ByteView bytes) {
    if (into.capacity() < bytes.size()) into = Buffer(bytes.size());
    into.resize_within(bytes.size());
    if (!bytes.empty()) std::memcpy(into.data(), bytes.data(), bytes.size());
}

class RocksBackend final : public Backend {
  public:
    RocksBackend(std::string directory, const RocksOptions& options);

    std::unique_ptr<PackSink> create_pack(Domain, std::uint64_t) override;
    bool read(Domain, Location, Buffer&) const override;
    std::optional<Bytes> read_pack_index(Domain, std::uint64_t) const override;
    void drop_pack(Domain, std::uint64_t) override;
    Append append(const CommitBatch&) override;
    std::optional<Bytes> read_commit(CommitNumber) const override;
    CommitNumber last_commit() const override { return {last_.load(std::memory_order_acquire)}; }
    std::optional<Bytes> get(Table, ByteView key) const override;
    void scan(Table, ByteView prefix, ByteView first,
              const std::function<bool(ByteView, ByteView)>& visit) const override;
    void append_tail(const TailKey& key, ByteView sealed) override {
        ensure_writable();
        tails_.append(*database_, key, sealed);
    }
    void scan_tails(const TailKey& first, const TailVisitor& visit) const override {
        RocksTails::scan(*database_, first, visit);
    }
    std::optional<StoredPiece> last_piece(TailId tail, std::uint64_t below) const override {
        return RocksTails::last_piece(*database_, tail, below);
    }
    std::optional<TailKey> lost_piece() const override { return tails_.lost_piece(); }
    std::uint64_t stored_bytes() const override;

  private:
    void ensure_writable() const;
    bool get_item(Domain, Location, rocksdb::PinnableSlice&) const;
    void drop_inline_pack(Domain, std::uint64_t number);
    void shrink_inline();
    std::vector<Ingestion> ingestions_for(const CommitBatch&) const;
    rocksdb::WriteBatch writes_for(const CommitBatch&) const;
    void append_durably(const CommitBatch&, const std::vector<Ingestion>&, rocksdb::WriteBatch&);

    const std::string directory_;
    const std::unique_ptr<rocksdb::Env> env_;
    const RocksOptions options_;
    WriteStop stop_;
    HeadFile head_;
    RocksTails tails_;
    std::unique_ptr<RocksDatabase> database_;
    PackFiles packs_;
    std::mutex appending_;
    std::atomic<std::uint64_t> last_ = 0;
    std::atomic<std::uint64_t> dropped_inline_bytes_ = 0;  ///< since they were rewritten
};

/// Opening RocksDB for writing replays its logs and then removes them. After a crash it is looked
/// at read-only first, so that damage is still there for who wants to mend it.
void ensure_openable(const std::string& directory, const RocksOptions& options,
                     const Head& promised) {
    if (options.read_only || log_bytes(env_of(options), database_path(directory)) == 0) return;
    RocksOptions looking = options;
    looking.read_only = true;
    WriteStop stop(directory);
    ensure_nothing_is_lost(RocksDatabase(database_path(directory), looking, stop), promised,
                           directory);
}

RocksBackend::RocksBackend(std::string directory, const RocksOptions& options)
    : directory_(std::move(directory)),
      env_(guarded_files(env_of(options))),
      options_{options.read_only, options.block_cache_bytes, env_.get()},
      stop_(directory_),
      head_(env_of(options_), head_path(directory_)),
      tails_(directory_, options_, stop_),
      packs_(packs_path(directory_), options_, stop_) {
    ensure_openable(directory_, options_, head_.read());
    database_ = std::make_unique<RocksDatabase>(database_path(directory_), options_, stop_);
    ensure_nothing_is_lost(*database_, head_.read(), directory_);
    tails_.announce_loss(*database_);
    const Head found = database_->last_commit();
    last_ = found.number.value;
    if (options_.read_only) return;
    // A crash between a commit and its acknowledgement: it is whole, and synced by now. A damaged
    // slot is written anew, before the other one is damaged too.
    if (found != head_.read() || head_.has_damaged_slot()) head_.write(found);
    drop_orphans(*database_);
    packs_.remove_leftovers();
}

void RocksBackend::ensure_writable() const {
    if (options_.read_only) throw Error(Errc::read_only, directory_ + ": opened read-only");
    stop_.ensure_writable();
}

std::unique_ptr<PackSink> RocksBackend::create_pack(Domain domain, std::uint64_t number) {
    ensure_writable();
    return packs_.create(domain, number);
}

/// A miss in the family of files costs a binary search in memory.
bool RocksBackend::get_item(Domain domain, Location location, rocksdb::PinnableSlice& value) const {
    return database_->get(family_of(domain), item_key(location), value) ||
           database_->get(family_inline, inline_key(domain, location), value);
}

bool RocksBackend::read(Domain domain, Location location, Buffer& into) const {
    rocksdb::PinnableSlice value;
    if (location.item() == pack_index_item || !get_item(domain, location, value)) return false;
    copy_into(into, view_of(value));
    return true;
}

std::optional<Bytes> RocksBackend::read_pack_index(Domain domain, std::uint64_t number) const {
    rocksdb::PinnableSlice value;
    if (!get_item(domain, Location::of(number, pack_index_item), value)) return std::nullopt;
    return to_bytes(view_of(value));
}

std::optional<Bytes> RocksBackend::read_commit(CommitNumber number) const {
    return database_->get(family_commits, number_key(number.value));
}

std::optional<Bytes> RocksBackend::get(Table table, ByteView key) const {
    return database_->get(family_of(table), key);
}

void RocksBackend::scan(Table table, ByteView prefix, ByteView first,
                        const std::function<bool(ByteView, ByteView)>& visit) const {
    const Bytes end = end_of_prefix(prefix);
    const rocksdb::Slice bound = slice_of(end);
    rocksdb::ReadOptions options;
    if (!end.empty()) options.iterate_upper_bound = &bound;
    options.fill_cache = table == Table::catalog;  // the others are only read through, once
    const bool from_first =
        std::lexicographical_compare(prefix.begin(), prefix.end(), first.begin(), first.end());
    std::unique_ptr<rocksdb::Iterator> row(
        (*database_)->NewIterator(options, database_->family(family_of(table))));
    for (row->Seek(slice_of(from_first ? first : prefix)); row->Valid(); row->Next())
        if (!visit(view_of(row->key()), view_of(row->value()))) return;
    check(row->status(), "scan a table");
}

void RocksBackend::drop_pack(Domain domain, std::uint64_t number) {
    ensure_writable();
    if (packs_.discard(domain, number)) return;
    drop_pack_file(*database_, domain, number);
    drop_inline_pack(domain, number);
}

void RocksBackend::drop_inline_pack(Domain domain, std::uint64_t number) {
    const InlineKey first = inline_key(domain, Location::of(number, 0));
    const InlineKey end = inline_key(domain, Location::of(number + 1, 0));
    const rocksdb::Slice bound = slice_of(end);
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &bound;
    options.fill_cache = false;
    rocksdb::WriteBatch removals;
    std::unique_ptr<rocksdb::Iterator> item(
        (*database_)->NewIterator(options, database_->family(family_inline)));
    std::uint64_t bytes = 0;
    for (item->Seek(slice_of(first)); item->Valid(); item->Next()) {
        removals.Delete(database_->family(family_inline), item->key());
        bytes += item->value().size();
    }
    check(item->status(), "scan the items of a small pack");
    if (removals.Count() == 0) return;
    rocksdb::WriteOptions synced;
    synced.sync = true;
    try {
        check((*database_)->Write(synced, &removals),
              [&] { return fmt::format("drop pack {}", number); });
    } catch (const Error& error) {
        stop_.stop(error);
        throw;
    }
    dropped_inline_bytes_ += bytes;
    shrink_inline();
}

/// What was removed by key takes its space until it is rewritten: done once it is a quarter of all.
void RocksBackend::shrink_inline() {
    constexpr std::uint64_t worth_it_bytes = 4u << 20;
    auto* family = database_->family(family_inline);
    std::uint64_t stored = 0;
    (*database_)->GetIntProperty(family, rocksdb::DB::Properties::kLiveSstFilesSize, &stored);
    if (dropped_inline_bytes_ < std::max(worth_it_bytes, stored / 4)) return;
    dropped_inline_bytes_ = 0;
    rocksdb::CompactRangeOptions options;
    options.exclusive_manual_compaction = false;
    const auto status = (*database_)->CompactRange(options, family, nullptr, nullptr);
    if (!status.ok()) log_warning("space of small packs is not given back: {}", status.ToString());
}

std::vector<Ingestion> RocksBackend::ingestions_for(const CommitBatch& batch) const {
    std::map<Family, Ingestion> by_family;
    for (const std::uint64_t number : batch.finished_packs) {
        const auto pack = packs_.find(number);
        YORE_ENSURE(pack);
        Ingestion& ingestion = by_family[family_of(pack->domain)];
        ingestion.column_family = database_->family(family_of(pack->domain));
        ingestion.external_files.push_back(pack->path);
        ingestion.options.move_files = true;
        ingestion.options.failed_move_fall_back_to_copy = false;
        ingestion.options.write_global_seqno = false;  // the file stays as it was synced
    }
    std::vector<Ingestion> ingestions;
    for (auto& [family, ingestion] : by_family) ingestions.push_back(std::move(ingestion));
    return ingestions;
}

rocksdb::WriteBatch RocksBackend::writes_for(const CommitBatch& batch) const {
    constexpr std::size_t protection_bytes = 8;  // a checksum a row, until it is in the memtable
    rocksdb::WriteBatch writes(0, 0, protection_bytes, 0);
    writes.Put(database_->family(family_commits), slice_of(number_key(batch.number.value)),
               slice_of(batch.sealed_entry));
    auto* inlined = database_->family(family_inline);
    for (const InlinePack& pack : batch.inline_packs) {
        std::uint32_t item = 0;
        for (const Bytes& sealed : pack.items)
            writes.Put(inlined,
                       slice_of(inline_key(pack.domain, Location::of(pack.number, item++))),
                       slice_of(sealed));
        writes.Put(inlined,
                   slice_of(inline_key(pack.domain, Location::of(pack.number, pack_index_item))),
                   slice_of(pack.sealed_index));
    }
    for (const TableChange& change : batch.changes) {
        auto* family = database_->family(family_of(change.table));
        if (change.value)
            writes.Put(family, slice_of(change.key), slice_of(*change.value));
        else
            writes.Delete(family, slice_of(change.key));
    }
    for (const TailDrop& drop : batch.tail_drops) RocksTails::add_drop(*database_, drop, writes);
    return writes;
}

void RocksBackend::append_durably(const CommitBatch& batch,
                                  const std::vector<Ingestion>& ingestions,
                                  rocksdb::WriteBatch& writes) {
    if (!ingestions.empty()) check((*database_)->IngestExternalFiles(ingestions), "take packs in");
    packs_.forget(batch.finished_packs);
    rocksdb::WriteOptions synced;
    synced.sync = true;
    check((*database_)->Write(synced, &writes), "write the commit log");
    head_.write({batch.number, hash_of_entry(batch.sealed_entry)});
}

Backend::Append RocksBackend::append(const CommitBatch& batch) {
    std::scoped_lock lock(appending_);
    ensure_writable();
    if (batch.number <= last_commit()) return Append::number_taken;
    YORE_ENSURE(batch.number.value == last_commit().value + 1);
    rocksdb::WriteBatch writes = writes_for(batch);
    // Once for the log, once for the tables: before anything is begun that could not be taken back.
    ensure_free(env_of(options_), directory_, 2 * writes.GetDataSize() + free_bytes_after_commits);
    const std::vector<Ingestion> ingestions = ingestions_for(batch);
    try {
        append_durably(batch, ingestions, writes);
    } catch (const Error& error) {
        throw stop_.stopped_by(error.within(fmt::format("commit {}", batch.number.value)));
    }
    last_.store(batch.number.value, std::memory_order_release);
    return Append::done;
}

std::uint64_t RocksBackend::stored_bytes() const {
    std::uint64_t sum = log_bytes(env_of(options_), database_path(directory_));
    for (std::size_t family = 0; family < family_count; ++family) {
        std::uint64_t bytes = 0;
        if ((*database_)
                ->GetIntProperty(database_->family(Family{family}),
                                 rocksdb::DB::Properties::kLiveSstFilesSize, &bytes))
            sum += bytes;
    }
    return sum;
}

}  // namespace

void create_rocks_backend(const std::string& directory, const RocksOptions& options) {
    rocksdb::Env& env = env_of(options);
    for (const std::string& path : {directory, database_path(directory), packs_path(directory)})
        check(env.CreateDirIfMissing(path), [&] { return "make directory " + path; });
    RocksDatabase::create(database_path(directory), options);
    HeadFile::create(env, head_path(directory));
    sync_directory(env, directory);
    const auto slash = directory.find_last_of('/');
    sync_directory(env, slash == std::string::npos ? "." : directory.substr(0, slash + 1));
}

std::unique_ptr<Backend> open_rocks_backend(const std::string& directory,
                                            const RocksOptions& options) {
    return std::make_unique<RocksBackend>(directory, options);
}

}  // namespace yore::store
