// SPDX-License-Identifier: Apache-2.0
#include "store/pack_file.h"

#include <yore/base/error.h>
#include <yore/base/log.h>

#include <utility>
#include <vector>

#include <rocksdb/sst_file_writer.h>

#include "store/rocks_options.h"
#include "store/rocks_status.h"

namespace yore::store {

void ensure_free(rocksdb::Env& env, const std::string& directory, std::uint64_t bytes) {
    std::uint64_t free = 0;
    if (!env.GetFreeSpace(directory, &free).ok() || free >= bytes) return;
    throw Error(Errc::no_space,
                fmt::format("{}: the disk is full: {} MiB are free, {} needed", directory,
                            free >> 20, (bytes >> 20) + 1),
                {"free some space; what was acknowledged is safe, and reading needs none"});
}

class PackFileSink final : public PackSink {
  public:
    PackFileSink(PackFiles& files, const std::string& path, Domain domain, std::uint64_t number)
        : files_(files),
          options_(pack_file_options(files.options_)),
          writer_(std::in_place, rocksdb::EnvOptions(options_), options_),
          path_(path),
          domain_(domain),
          number_(number) {}
    PackFileSink(const PackFileSink&) = delete;
    PackFileSink& operator=(const PackFileSink&) = delete;
    ~PackFileSink() override {
        writer_.reset();  // closes it
        if (!done_) files_.remove(path_);
    }

    void open() {
        ensure_room();
        check(writer_->Open(path_), [&] { return "create " + path_; });
    }
    void append(ByteView sealed) override {
        YORE_ENSURE(!done_ && items_ < pack_index_item);
        if (bytes_ + sealed.size() > checked_bytes_) ensure_room();
        put(items_++, sealed);
        bytes_ += sealed.size();
    }
    /// The file's bytes are on the disk then. Its name is not: the commit links it into the
    /// database's directory and syncs that, and what no commit names is removed by the next open.
    void finish(ByteView sealed_index) override {
        YORE_ENSURE(!done_);
        put(pack_index_item, sealed_index);
        const rocksdb::Status status = writer_->Finish();  // syncs
        if (!status.ok()) {
            const Error error = rocks_error("finish " + path_, status);
            if (error.code() != Errc::no_space) files_.stop_.stop(error);
            throw error;
        }
        done_ = true;
        files_.finished(domain_, number_, path_);
    }
    std::uint64_t bytes() const override { return bytes_; }

  private:
    static constexpr std::uint64_t step_bytes = 8u << 20;

    void ensure_room() {
        files_.stop_.ensure_writable();
        ensure_free(env_of(files_.options_), files_.directory_,
                    free_bytes_after_packs + step_bytes);
        checked_bytes_ = bytes_ + step_bytes;
    }
    void put(std::uint32_t item, ByteView sealed) {
        check(writer_->Put(slice_of(item_key(Location::of(number_, item))), slice_of(sealed)),
              [&] { return "write " + path_; });
    }

    PackFiles& files_;
    rocksdb::Options options_;
    std::optional<rocksdb::SstFileWriter> writer_;
    std::string path_;
    Domain domain_;
    std::uint64_t number_;
    std::uint32_t items_ = 0;
    std::uint64_t bytes_ = 0, checked_bytes_ = 0;
    bool done_ = false;
};

PackFiles::PackFiles(std::string directory, const RocksOptions& options, WriteStop& stop)
    : directory_(std::move(directory)), options_(options), stop_(stop) {}

std::unique_ptr<PackSink> PackFiles::create(Domain domain, std::uint64_t number) {
    const char* kind = domain == Domain::chunk ? "chunks" : "nodes";
    auto sink = std::make_unique<PackFileSink>(
        *this, fmt::format("{}/{}-{}.sst", directory_, kind, number), domain, number);
    sink->open();
    return sink;
}

std::optional<PackFiles::Finished> PackFiles::find(std::uint64_t number) const {
    return finished_.with([&](const auto& packs) -> std::optional<Finished> {
        const auto found = packs.find(number);
        return found == packs.end() ? std::nullopt : std::optional(found->second);
    });
}

void PackFiles::finished(Domain domain, std::uint64_t number, const std::string& path) {
    finished_.with([&](auto& packs) { packs[number] = {domain, path}; });
}

void PackFiles::forget(std::span<const std::uint64_t> numbers) {
    finished_.with([&](auto& packs) {
        for (const std::uint64_t number : numbers) packs.erase(number);
    });
}

bool PackFiles::discard(Domain domain, std::uint64_t number) {
    const auto found = find(number);
    if (!found || found->domain != domain) return false;
    forget({&number, 1});
    remove(found->path);
    return true;
}

void PackFiles::remove_leftovers() {
    std::vector<std::string> names;
    check(env_of(options_).GetChildren(directory_, &names), [&] { return "list " + directory_; });
    for (const std::string& name : names)
        if (name != "." && name != "..") remove(directory_ + "/" + name);
}

void PackFiles::remove(const std::string& path) noexcept {
    const rocksdb::Status status = env_of(options_).DeleteFile(path);
    if (status.ok() || status.IsPathNotFound() || status.IsNotFound()) return;
    log_warning("remove {}: {}; it takes up space until the repository is opened again", path,
                status.ToString());
}

}  // namespace yore::store
