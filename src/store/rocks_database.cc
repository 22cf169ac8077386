// SPDX-License-Identifier: Apache-2.0
#include "store/rocks_database.h"

#include <yore/base/error.h>
#include <yore/base/log.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <utility>

#include <rocksdb/listener.h>

#include "store/rocks_keys.h"
#include "store/rocks_status.h"

namespace yore::store {
namespace {

/// A flush or a compaction that failed: RocksDB takes no more writes, and neither do we.
class StopOnBackgroundError final : public rocksdb::EventListener {
  public:
    explicit StopOnBackgroundError(WriteStop& stop) : stop_(stop) {}
    void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* status) override {
        stop_.stop(rocks_error("write in the background", *status));
    }

  private:
    WriteStop& stop_;
};

struct Opened {
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    std::unique_ptr<rocksdb::DB> database;
};

Opened open(const std::string& path, const rocksdb::DBOptions& settings,
            const RocksOptions& options) {
    Opened opened;
    rocksdb::DB* database = nullptr;
    const auto families = family_descriptors(options);
    const rocksdb::Status status =
        options.read_only
            ? rocksdb::DB::OpenForReadOnly(settings, path, families, &opened.handles, &database)
            : rocksdb::DB::Open(settings, path, families, &opened.handles, &database);
    if (!status.ok()) throw rocks_open_error(path, status);
    opened.database.reset(database);
    return opened;
}

rocksdb::ReadOptions read_options(Family family) {
    rocksdb::ReadOptions options;
    // What is worth keeping of packs is kept decoded, above. Checksums are verified although seals
    // have tags: RocksDB follows the lengths in a damaged block out of its memory.
    options.fill_cache =
        family != family_chunks && family != family_nodes && family != family_inline;
    return options;
}

}  // namespace

void RocksDatabase::create(const std::string& path, const RocksOptions& options) {
    rocksdb::DBOptions settings = database_options(options);
    if (settings.env->FileExists(path + "/CURRENT").ok())
        throw Error(Errc::exists, path + ": there is a database already");
    settings.create_if_missing = true;
    settings.create_missing_column_families = true;
    WriteStop stop(path);
    Opened opened = open(path, settings, options);
    for (auto* handle : opened.handles) opened.database->DestroyColumnFamilyHandle(handle);
    check(opened.database->Close(), [&] { return "create " + path; });
}

RocksDatabase::RocksDatabase(std::string path, const RocksOptions& options, WriteStop& stop)
    : path_(std::move(path)), read_only_(options.read_only), stop_(stop) {
    rocksdb::DBOptions settings = database_options(options);
    settings.listeners.push_back(std::make_shared<StopOnBackgroundError>(stop));
    Opened opened = open(path_, settings, options);
    handles_ = std::move(opened.handles);
    database_ = std::move(opened.database);
}

RocksDatabase::~RocksDatabase() {
    if (!read_only_ && !stop_.stopped()) {
        flush();
        settle();
    }
    for (auto* handle : handles_) database_->DestroyColumnFamilyHandle(handle);
    const rocksdb::Status status = database_->Close();
    if (!status.ok()) log_warning("close {}: {}", path_, status.ToString());
}

void RocksDatabase::flush() const {
    const rocksdb::Status status = database_->Flush(rocksdb::FlushOptions(), handles_);
    if (!status.ok()) log_warning("close {}: {}", path_, status.ToString());  // the log has it all
}

/// A short run ends before the compaction that its flush asked for; closing would break that off,
/// each time. So where files have piled up, they are waited for.
void RocksDatabase::settle() const {
    constexpr std::uint64_t files_max = 8;
    const auto piled_up = [&](rocksdb::ColumnFamilyHandle* family) {
        std::string files;
        return database_->GetProperty(family, rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0",
                                      &files) &&
               std::strtoull(files.c_str(), nullptr, 10) >= files_max;
    };
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    while (std::ranges::any_of(handles_, piled_up) && !stop_.stopped() &&
           std::chrono::steady_clock::now() < end)
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

bool RocksDatabase::get(Family wanted, ByteView key, rocksdb::PinnableSlice& value) const {
    const rocksdb::Status status =
        database_->Get(read_options(wanted), family(wanted), slice_of(key), &value);
    if (status.IsNotFound()) return false;
    check(status, [&] { return "read " + describe_key(wanted, key); });
    return true;
}

std::optional<Bytes> RocksDatabase::get(Family wanted, ByteView key) const {
    rocksdb::PinnableSlice value;
    if (!get(wanted, key, value)) return std::nullopt;
    return to_bytes(view_of(value));
}

Head RocksDatabase::last_commit() const {
    std::unique_ptr<rocksdb::Iterator> last(
        database_->NewIterator(rocksdb::ReadOptions(), family(family_commits)));
    last->SeekToLast();
    check(last->status(), "read the last commit");
    Head head;
    if (!last->Valid()) return head;
    const auto number = parse_number_key(view_of(last->key()));
    if (!number)
        throw Error(Errc::corrupt, fmt::format("{}: a commit has the key {}", path_,
                                               to_hex(view_of(last->key()))));
    head.number.value = *number;
    head.hash = hash_of_entry(view_of(last->value()));
    return head;
}

std::uint64_t log_bytes(rocksdb::Env& env, const std::string& path) {
    std::vector<rocksdb::Env::FileAttributes> files;
    if (!env.GetChildrenFileAttributes(path, &files).ok()) return 0;
    std::uint64_t sum = 0;
    for (const auto& file : files)
        if (file.name.ends_with(".log")) sum += file.size_bytes;
    return sum;
}

}  // namespace yore::store
