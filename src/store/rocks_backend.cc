// SPDX-License-Identifier: Apache-2.0
/// Packs, commits and tables in one RocksDB.
///
/// A pack is an SST file written beside the database and ingested by a rename in the commit that
/// names it: content goes through no memtable and no compaction. The order of an append is the
/// promise: SST files synced (PackSink::finish), ingested, one synced write batch, then `head`.
#include <yore/base/file.h>
#include <yore/base/guarded.h>
#include <yore/base/log.h>
#include <yore/store/rocks_backend.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <set>
#include <utility>

#include <dirent.h>
#include <rocksdb/convenience.h>
#include <rocksdb/sst_file_writer.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/head.h"
#include "store/rocks_options.h"

namespace yore::store {
namespace {

using Key64 = std::array<std::byte, 8>;

Key64 key_of(std::uint64_t value) {
    Key64 key{};
    for (unsigned i = 0; i < 8; ++i) key[i] = static_cast<std::byte>(value >> (56 - 8 * i));
    return key;
}
std::uint64_t number_of(ByteView key) {
    std::uint64_t value = 0;
    for (const std::byte byte : key.first(std::min<std::size_t>(key.size(), 8)))
        value = value << 8 | static_cast<std::uint64_t>(byte);
    return value;
}
constexpr std::uint32_t index_item = Location::items_max - 1;

Key64 item_key(std::uint64_t pack, std::uint32_t item) {
    return key_of(Location::of(pack, item).value);
}
Family family_of(Domain domain) {
    return domain == Domain::chunk ? family_chunks : family_nodes;
}
Family family_of(Table table) {
    switch (table) {
        case Table::index:
            return family_index;
        case Table::catalog:
            return family_catalog;
        case Table::packs:
            return family_packs;
    }
    YORE_ENSURE(false);
}
std::string text_of(Domain domain, Location location) {
    return fmt::format("{} at pack {} item {}", domain == Domain::chunk ? "chunk" : "node",
                       location.pack_number(), location.item());
}

/// Packs that are finished and wait for the commit that names them.
struct Finished {
    Domain domain;
    std::string path;
};
using FinishedPacks = Guarded<std::map<std::uint64_t, Finished>>;

class RocksSink final : public PackSink {
  public:
    RocksSink(const RocksOptions& options, std::string path, Domain domain, std::uint64_t number,
              std::shared_ptr<FinishedPacks> finished)
        : options_(pack_options(options)),
          writer_(rocksdb::EnvOptions(options_), options_),
          path_(std::move(path)),
          domain_(domain),
          number_(number),
          finished_(std::move(finished)) {
        check(writer_.Open(path_), "create " + path_);
    }
    ~RocksSink() override {
        if (!done_) ::unlink(path_.c_str());
    }

    void append(ByteView sealed) override {
        YORE_ENSURE(items_ < index_item);
        check(writer_.Put(slice_of(item_key(number_, items_)), slice_of(sealed)), "write " + path_);
        ++items_;
        bytes_ += sealed.size();
    }
    void finish(ByteView sealed_index) override {
        check(writer_.Put(slice_of(item_key(number_, index_item)), slice_of(sealed_index)),
              "write " + path_);
        check(writer_.Finish(), "finish " + path_);  // syncs the file
        done_ = true;
        finished_->with([&](auto& packs) { packs[number_] = {domain_, path_}; });
    }
    std::uint64_t bytes() const override { return bytes_; }

  private:
    rocksdb::Options options_;
    rocksdb::SstFileWriter writer_;
    std::string path_;
    Domain domain_;
    std::uint64_t number_;
    std::shared_ptr<FinishedPacks> finished_;
    std::uint32_t items_ = 0;
    std::uint64_t bytes_ = 0;
    bool done_ = false;
};

class RocksBackend final : public Backend {
  public:
    RocksBackend(std::string directory, const RocksOptions& options);
    ~RocksBackend() override;

    std::unique_ptr<PackSink> create_pack(Domain, std::uint64_t) override;
    bool read(Domain, Location, Buffer&) const override;
    std::optional<Bytes> read_pack_index(Domain, std::uint64_t) const override;
    void drop_pack(Domain, std::uint64_t) override;
    Append append(const CommitBatch&) override;
    std::optional<Bytes> read_commit(CommitNumber) const override;
    CommitNumber last_commit() const override { return {last_.load()}; }
    std::optional<Bytes> get(Table, ByteView) const override;
    void scan(Table, ByteView, ByteView,
              const std::function<bool(ByteView, ByteView)>&) const override;
    std::uint64_t stored_bytes() const override;

  private:
    void open_database();
    void compare_with_head();
    void remove_orphans();
    void ingest(const CommitBatch&);
    rocksdb::WriteBatch batch_of(const CommitBatch&) const;
    std::optional<Bytes> get(Family, ByteView key, const std::string& what) const;
    void refuse_writes(const Error&);
    void ensure_writable() const;
    rocksdb::ColumnFamilyHandle* handle(Family family) const { return handles_[family]; }

    std::string directory_;
    RocksOptions options_;
    FileSteps& steps_;
    std::unique_ptr<rocksdb::DB> database_;
    std::vector<rocksdb::ColumnFamilyHandle*> handles_;
    std::shared_ptr<FinishedPacks> finished_ = std::make_shared<FinishedPacks>();
    std::optional<HeadFile> head_;
    std::mutex appending_;
    std::atomic<std::uint64_t> last_{0};
    std::atomic<bool> refusing_{false};
};

RocksBackend::RocksBackend(std::string directory, const RocksOptions& options)
    : directory_(std::move(directory)),
      options_(options),
      steps_(options.file_steps ? *options.file_steps : real_file_steps()) {
    head_.emplace(directory_ + "/head", options_.read_only, steps_);
    open_database();
    try {
        compare_with_head();
        if (!options_.read_only) remove_orphans();
    } catch (...) {
        for (auto* handle : handles_) database_->DestroyColumnFamilyHandle(handle);
        throw;
    }
}

RocksBackend::~RocksBackend() {
    for (auto* handle : handles_) database_->DestroyColumnFamilyHandle(handle);
    database_->Close();
}

void RocksBackend::open_database() {
    const std::string path = directory_ + "/db";
    rocksdb::DB* opened = nullptr;
    const auto families = family_descriptors(options_);
    const rocksdb::Status status =
        options_.read_only
            ? rocksdb::DB::OpenForReadOnly(database_options(options_), path, families, &handles_,
                                           &opened)
            : rocksdb::DB::Open(database_options(options_), path, families, &handles_, &opened);
    if (!status.ok()) {
        const Error error = rocks_error("open " + path, status);
        std::vector<std::string> hints = error.hints();
        if (error.code() == Errc::corrupt)
            hints.push_back(
                "a file of the repository is missing or damaged; put it back from a copy");
        throw Error(error.code(), error.what(), hints);
    }
    database_.reset(opened);
}

void RocksBackend::compare_with_head() {
    std::unique_ptr<rocksdb::Iterator> last(
        database_->NewIterator(rocksdb::ReadOptions(), handle(family_commits)));
    last->SeekToLast();
    check(last->status(), "read the commit log");
    Head found;
    if (last->Valid()) {
        found.number = {number_of(view_of(last->key()))};
        found.hash = hash_of_entry(view_of(last->value()));
    }
    last_ = found.number.value;
    const Head& promised = head_->read();
    if (found.number < promised.number)
        throw Error(Errc::corrupt,
                    fmt::format("{}: commits {} to {} were acknowledged and are gone", directory_,
                                found.number.value + 1, promised.number.value),
                    {"the disk lost or damaged what it had confirmed; put db/ back from a copy"});
    std::array<std::byte, 16> hash = found.hash;
    if (promised.number < found.number && promised.number.value > 0) {
        const auto entry = read_commit(promised.number);
        hash = entry ? hash_of_entry(*entry) : std::array<std::byte, 16>{};
    }
    if (promised.number.value > 0 && hash != promised.hash)
        throw Error(Errc::corrupt, fmt::format("{}: commit {} is not the one that was acknowledged",
                                               directory_, promised.number.value));
    // A crash between the commit and its acknowledgement: the commit is whole, so it counts.
    if (promised.number < found.number && !options_.read_only) head_->write(found);
}

/// Packs of a run that did not get as far as its commit.
void RocksBackend::remove_orphans() {
    const std::string packs = directory_ + "/packs";
    if (DIR* listing = ::opendir(packs.c_str())) {
        while (const dirent* entry = ::readdir(listing))
            if (entry->d_name[0] != '.') ::unlink((packs + "/" + entry->d_name).c_str());
        ::closedir(listing);
    }
    for (const Domain domain : {Domain::chunk, Domain::node}) {
        rocksdb::ColumnFamilyMetaData files;
        database_->GetColumnFamilyMetaData(handle(family_of(domain)), &files);
        for (const auto& level : files.levels)
            for (const auto& file : level.files) {
                const Location first{number_of(as_bytes(file.smallestkey))};
                const Location last{number_of(as_bytes(file.largestkey))};
                if (first.pack_number() == last.pack_number() &&
                    !get(Table::packs, key_of(first.pack_number())))
                    drop_pack(domain, first.pack_number());
            }
    }
}

std::unique_ptr<PackSink> RocksBackend::create_pack(Domain domain, std::uint64_t number) {
    ensure_writable();
    return std::make_unique<RocksSink>(options_, fmt::format("{}/packs/{}.sst", directory_, number),
                                       domain, number, finished_);
}

bool RocksBackend::read(Domain domain, Location location, Buffer& into) const {
    rocksdb::ReadOptions options;
    options.verify_checksums = false;  // the seal's tag covers it
    options.fill_cache = false;        // what is worth keeping is kept decoded
    rocksdb::PinnableSlice value;
    const rocksdb::Status status = database_->Get(options, handle(family_of(domain)),
                                                  slice_of(key_of(location.value)), &value);
    if (status.IsNotFound()) return false;
    check(status, "read " + text_of(domain, location));
    into = Buffer::copy_of(view_of(value));
    return true;
}

std::optional<Bytes> RocksBackend::get(Family family, ByteView key, const std::string& what) const {
    rocksdb::PinnableSlice value;
    const rocksdb::Status status =
        database_->Get(rocksdb::ReadOptions(), handle(family), slice_of(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    check(status, what);
    return to_bytes(view_of(value));
}

std::optional<Bytes> RocksBackend::read_pack_index(Domain domain, std::uint64_t number) const {
    return get(family_of(domain), item_key(number, index_item),
               fmt::format("read the index of pack {}", number));
}

std::optional<Bytes> RocksBackend::read_commit(CommitNumber number) const {
    return get(family_commits, key_of(number.value), fmt::format("read commit {}", number.value));
}

std::optional<Bytes> RocksBackend::get(Table table, ByteView key) const {
    return get(family_of(table), key, "read a table row");
}

void RocksBackend::scan(Table table, ByteView prefix, ByteView first,
                        const std::function<bool(ByteView, ByteView)>& visit) const {
    const bool from_first =
        std::lexicographical_compare(prefix.begin(), prefix.end(), first.begin(), first.end());
    std::unique_ptr<rocksdb::Iterator> row(
        database_->NewIterator(rocksdb::ReadOptions(), handle(family_of(table))));
    for (row->Seek(slice_of(from_first ? first : prefix)); row->Valid(); row->Next()) {
        if (!row->key().starts_with(slice_of(prefix))) break;
        if (!visit(view_of(row->key()), view_of(row->value()))) return;
    }
    check(row->status(), "scan a table");
}

void RocksBackend::drop_pack(Domain domain, std::uint64_t number) {
    ensure_writable();
    const Key64 first = item_key(number, 0), last = item_key(number, index_item);
    const rocksdb::Slice begin = slice_of(first), end = slice_of(last);
    check(rocksdb::DeleteFilesInRange(database_.get(), handle(family_of(domain)), &begin, &end),
          fmt::format("drop pack {}", number));
}

void RocksBackend::ensure_writable() const {
    if (options_.read_only) throw Error(Errc::read_only, directory_ + ": opened read-only");
    if (refusing_)
        throw Error(Errc::read_only, directory_ + ": takes no more writes after a failed one",
                    {"look for the first error in the log, mend its cause, and open it again"});
}

void RocksBackend::refuse_writes(const Error& error) {
    if (refusing_.exchange(true)) return;
    log_error("{}: {}; no more writes until it is opened again", directory_, error.what());
}

void RocksBackend::ingest(const CommitBatch& batch) {
    std::map<Family, rocksdb::IngestExternalFileArg> wanted;
    finished_->with([&](auto& packs) {
        for (const std::uint64_t number : batch.finished_packs) {
            const auto pack = packs.find(number);
            YORE_ENSURE(pack != packs.end());
            const Family family = family_of(pack->second.domain);
            rocksdb::IngestExternalFileArg& arg = wanted[family];
            arg.column_family = handle(family);
            arg.external_files.push_back(pack->second.path);
        }
    });
    if (wanted.empty()) return;
    std::vector<rocksdb::IngestExternalFileArg> args;
    for (auto& [family, arg] : wanted) {
        arg.options.move_files = true;
        arg.options.failed_move_fall_back_to_copy = false;
        arg.options.write_global_seqno = false;  // the file stays as it was synced
        args.push_back(arg);
    }
    sync_directory(directory_ + "/packs");
    check(database_->IngestExternalFiles(args), "take packs in");
    finished_->with([&](auto& packs) {
        for (const std::uint64_t number : batch.finished_packs) packs.erase(number);
    });
}

rocksdb::WriteBatch RocksBackend::batch_of(const CommitBatch& batch) const {
    rocksdb::WriteBatch writes(0, 0, 8, 0);  // 8 bytes of protection a key, checked on the way
    writes.Put(handle(family_commits), slice_of(key_of(batch.number.value)),
               slice_of(batch.sealed_entry));
    for (const InlinePack& pack : batch.inline_packs) {
        auto* family = handle(family_of(pack.domain));
        std::uint32_t item = 0;
        for (const Bytes& sealed : pack.items)
            writes.Put(family, slice_of(item_key(pack.number, item++)), slice_of(sealed));
        writes.Put(family, slice_of(item_key(pack.number, index_item)),
                   slice_of(pack.sealed_index));
    }
    for (const TableChange& change : batch.changes) {
        auto* family = handle(family_of(change.table));
        if (change.value)
            writes.Put(family, slice_of(change.key), slice_of(*change.value));
        else
            writes.Delete(family, slice_of(change.key));
    }
    return writes;
}

Backend::Append RocksBackend::append(const CommitBatch& batch) {
    std::scoped_lock lock(appending_);
    ensure_writable();
    if (batch.number.value <= last_) return Append::number_taken;
    YORE_ENSURE(batch.number.value == last_ + 1);
    try {
        ingest(batch);
        rocksdb::WriteBatch writes = batch_of(batch);
        rocksdb::WriteOptions synced;
        synced.sync = true;
        check(database_->Write(synced, &writes), fmt::format("commit {}", batch.number.value));
        head_->write({batch.number, hash_of_entry(batch.sealed_entry)});
    } catch (const Error& error) {
        // What is on disk is not known any more: nothing is acknowledged on top of it.
        refuse_writes(error);
        throw;
    }
    last_ = batch.number.value;
    return Append::done;
}

std::uint64_t RocksBackend::stored_bytes() const {
    std::uint64_t sum = 0;
    for (auto* family : handles_) {
        std::uint64_t bytes = 0;
        if (database_->GetIntProperty(family, rocksdb::DB::Properties::kLiveSstFilesSize, &bytes))
            sum += bytes;
        if (database_->GetIntProperty(family, rocksdb::DB::Properties::kCurSizeAllMemTables,
                                      &bytes))
            sum += bytes;
    }
    return sum;
}

}  // namespace

void create_rocks_backend(const std::string& directory, const RocksOptions& options) {
    make_directories(directory + "/packs");
    make_directories(directory + "/db");
    rocksdb::DBOptions creating = database_options(options);
    creating.create_if_missing = true;
    creating.create_missing_column_families = true;
    creating.error_if_exists = true;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    check(rocksdb::DB::Open(creating, directory + "/db", family_descriptors(options), &handles,
                            &opened),
          "create " + directory + "/db");
    std::unique_ptr<rocksdb::DB> database(opened);
    for (auto* handle : handles) database->DestroyColumnFamilyHandle(handle);
    check(database->Close(), "create " + directory + "/db");
    HeadFile::create(directory + "/head",
                     options.file_steps ? *options.file_steps : real_file_steps());
    sync_directory(directory);
}

std::unique_ptr<Backend> open_rocks_backend(const std::string& directory,
                                            const RocksOptions& options) {
    return std::make_unique<RocksBackend>(directory, options);
}

}  // namespace yore::store
