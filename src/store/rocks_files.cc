// SPDX-License-Identifier: Apache-2.0
#include "store/rocks_files.h"

#include <yore/base/log.h>

#include <atomic>
#include <string>
#include <utility>

#include <rocksdb/file_system.h>

#include "store/table_tail.h"

namespace yore::store {
namespace {

using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using FilePointer = std::unique_ptr<rocksdb::FSWritableFile>;
using Flag = std::shared_ptr<std::atomic<bool>>;

bool is_table(const std::string& path) {
    return path.ends_with(".sst");
}
bool is_manifest(const std::string& path) {
    return path.find("/MANIFEST-") != std::string::npos;
}

class WatchedFile final : public rocksdb::FSWritableFileOwnerWrapper {
  public:
    WatchedFile(FilePointer file, Flag failed)
        : FSWritableFileOwnerWrapper(std::move(file)), failed_(std::move(failed)) {}

    IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                    IODebugContext* context) override {
        return watch(target()->Append(data, options, context));
    }
    IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                    const rocksdb::DataVerificationInfo& verification,
                    IODebugContext* context) override {
        return watch(target()->Append(data, options, verification, context));
    }
    IOStatus Flush(const IOOptions& options, IODebugContext* context) override {
        return watch(target()->Flush(options, context));
    }
    IOStatus Sync(const IOOptions& options, IODebugContext* context) override {
        return watch(target()->Sync(options, context));
    }
    IOStatus Fsync(const IOOptions& options, IODebugContext* context) override {
        return watch(target()->Fsync(options, context));
    }

  private:
    IOStatus watch(IOStatus status) {
        if (!status.ok()) failed_->store(true, std::memory_order_release);
        return status;
    }

    Flag failed_;
};

class GuardedFiles final : public rocksdb::FileSystemWrapper {
  public:
    using FileSystemWrapper::FileSystemWrapper;
    const char* Name() const override { return "GuardedFiles"; }

    IOStatus NewWritableFile(const std::string& path, const rocksdb::FileOptions& options,
                             FilePointer* file, IODebugContext* context) override {
        IOStatus status = target()->NewWritableFile(path, options, file, context);
        if (status.ok() && is_manifest(path))
            *file = std::make_unique<WatchedFile>(std::move(*file), failed_);
        return status;
    }
    IOStatus NewRandomAccessFile(const std::string& path, const rocksdb::FileOptions& options,
                                 std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                 IODebugContext* context) override {
        IOStatus status = target()->NewRandomAccessFile(path, options, file, context);
        std::uint64_t bytes = 0;
        if (!status.ok() || !is_table(path) ||
            !target()->GetFileSize(path, options.io_options, &bytes, context).ok() ||
            has_openable_properties(**file, bytes))
            return status;
        file->reset();
        return IOStatus::Corruption("damaged properties in " + path);
    }
    IOStatus DeleteFile(const std::string& path, const IOOptions& options,
                        IODebugContext* context) override {
        if (!is_table(path) || !failed_->load(std::memory_order_acquire))
            return target()->DeleteFile(path, options, context);
        log_debug("{} stays until the repository is opened again", path);
        return IOStatus::OK();
    }

  private:
    Flag failed_ = std::make_shared<std::atomic<bool>>(false);
};

class GuardedEnv final : public rocksdb::EnvWrapper {
  public:
    explicit GuardedEnv(rocksdb::Env& env) : EnvWrapper(&env) {
        file_system_ = std::make_shared<GuardedFiles>(env.GetFileSystem());
        system_clock_ = env.GetSystemClock();
    }
};

}  // namespace

std::unique_ptr<rocksdb::Env> guarded_files(rocksdb::Env& env) {
    return std::make_unique<GuardedEnv>(env);
}

}  // namespace yore::store
