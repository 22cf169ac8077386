// SPDX-License-Identifier: Apache-2.0
/// Open files of a VolatileDisk.
#pragma once

#include <algorithm>
#include <cstring>

#include "volatile_disk_state.h"

namespace yore::test {

using namespace rocksdb;

class DiskWriter final : public FSWritableFile {
  public:
    DiskWriter(std::shared_ptr<VolatileDisk> disk, std::string path,
               std::shared_ptr<VolatileDisk::File> file)
        : disk_(std::move(disk)), path_(std::move(path)), file_(std::move(file)) {}
    using FSWritableFile::Append;
    IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
        const std::size_t size = file_->current.size();
        return disk_->state_->write(path_, *file_, {size, data.ToString()});
    }
    IOStatus Truncate(std::uint64_t size, const IOOptions&, IODebugContext*) override {
        if (size == file_->current.size()) return IOStatus::OK();
        return disk_->state_->write(path_, *file_, {.truncate_to = size});
    }
    IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    IOStatus Sync(const IOOptions&, IODebugContext*) override {
        return disk_->state_->sync(path_, *file_);
    }
    std::uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
        return file_->current.size();
    }

  private:
    std::shared_ptr<VolatileDisk> disk_;
    std::string path_;
    std::shared_ptr<VolatileDisk::File> file_;
};

class DiskReader final : public FSRandomAccessFile, public FSSequentialFile {
  public:
    DiskReader(std::shared_ptr<VolatileDisk> disk, std::shared_ptr<VolatileDisk::File> file)
        : disk_(std::move(disk)), file_(std::move(file)) {}
    IOStatus Read(std::uint64_t offset, std::size_t size, const IOOptions&, Slice* result,
                  char* scratch, IODebugContext*) const override {
        std::scoped_lock lock(disk_->state_->mutex);
        const std::string& content = file_->current;
        const std::size_t start = std::min<std::size_t>(offset, content.size());
        const std::size_t got = std::min(size, content.size() - start);
        std::memcpy(scratch, content.data() + start, got);
        *result = Slice(scratch, got);
        return IOStatus::OK();
    }
    IOStatus Read(std::size_t size, const IOOptions& options, Slice* result, char* scratch,
                  IODebugContext* context) override {
        const IOStatus status = Read(position_, size, options, result, scratch, context);
        position_ += result->size();
        return status;
    }
    IOStatus Skip(std::uint64_t bytes) override {
        position_ += bytes;
        return IOStatus::OK();
    }
    IOStatus InvalidateCache(std::size_t, std::size_t) override { return IOStatus::OK(); }
    bool use_direct_io() const override { return false; }
    std::size_t GetRequiredBufferAlignment() const override { return 1; }
    Temperature GetTemperature() const override { return Temperature::kUnknown; }

  private:
    std::shared_ptr<VolatileDisk> disk_;
    std::shared_ptr<VolatileDisk::File> file_;
    std::uint64_t position_ = 0;
};

class DiskUpdater final : public FSRandomRWFile {
  public:
    DiskUpdater(std::shared_ptr<VolatileDisk> disk, std::string path,
                std::shared_ptr<VolatileDisk::File> file)
        : disk_(std::move(disk)), path_(std::move(path)), file_(std::move(file)) {}
    IOStatus Write(std::uint64_t offset, const Slice& data, const IOOptions&,
                   IODebugContext*) override {
        return disk_->state_->write(path_, *file_, {offset, data.ToString()});
    }
    IOStatus Read(std::uint64_t offset, std::size_t size, const IOOptions& options, Slice* result,
                  char* scratch, IODebugContext* context) const override {
        const DiskReader reader(disk_, file_);
        return reader.Read(offset, size, options, result, scratch, context);
    }
    IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
    IOStatus Sync(const IOOptions&, IODebugContext*) override {
        return disk_->state_->sync(path_, *file_);
    }
    IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

  private:
    std::shared_ptr<VolatileDisk> disk_;
    std::string path_;
    std::shared_ptr<VolatileDisk::File> file_;
};

class DiskDirectory final : public FSDirectory {
  public:
    DiskDirectory(std::shared_ptr<VolatileDisk> disk, std::string path)
        : disk_(std::move(disk)), path_(std::move(path)) {}
    IOStatus Fsync(const IOOptions&, IODebugContext*) override {
        auto& state = *disk_->state_;
        std::scoped_lock lock(state.mutex);
        const auto verdict = state.step(StepKind::sync_directory, path_);
        if (!verdict.happens) return verdict.status;
        state.directories.at(path_).sync();
        for (auto& [path, directory] : state.directories)
            if (parent_of(path) == path_) directory.is_durable = true;
        return verdict.status;
    }

  private:
    std::shared_ptr<VolatileDisk> disk_;
    std::string path_;
};

}  // namespace yore::test
