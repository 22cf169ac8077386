// SPDX-License-Identifier: Apache-2.0
/// A disk in memory that forgets what was not synced when its power goes.
///
/// Stricter than any file system: bytes are durable after a sync of their file, names after a sync
/// of their directory, and neither brings the other. Everything that changes it is a step, counted
/// from 1; a test says of each what becomes of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <rocksdb/env.h>
#include <rocksdb/file_system.h>

namespace yore::test {

enum class StepKind { create, write, sync, sync_directory, rename, link, remove, make_directory };

struct Step {
    std::uint64_t number;
    StepKind kind;
    const std::string& path;
};

enum class Outcome {
    happens,
    power_off,  ///< and every later step fails too
    fails,      ///< input/output error; what a sync should have kept is lost, as on Linux
    disk_full,
    is_ignored,  ///< reports success and does nothing
};

struct Survival;

class VolatileDisk final : public rocksdb::FileSystem,
                           public std::enable_shared_from_this<VolatileDisk> {
  public:
    using Judge = std::function<Outcome(const Step&)>;
    struct File;
    struct Directory;
    struct State;

    VolatileDisk();
    ~VolatileDisk() override;

    /// Null: all steps happen. The judge runs under the disk's lock.
    void set_judge(Judge);
    std::uint64_t steps() const;
    /// What `GetFreeSpace` says; without a value it is not supported.
    void set_free_bytes(std::optional<std::uint64_t>);

    /// What is found when the power comes back: only what was synced, or with a seed also any part
    /// of the rest: of each file the first few of its writes, the last one torn, of each directory
    /// the first few of its changes.
    std::shared_ptr<VolatileDisk> after_power_loss(std::optional<std::uint64_t> seed) const;
    /// What is found when only the process went.
    std::shared_ptr<VolatileDisk> copy() const;

    /// Paths of all files, sorted.
    std::vector<std::string> files() const;
    std::string content(const std::string& path) const;
    void set_content(const std::string& path, std::string content);

    const char* Name() const override;
    rocksdb::IOStatus NewSequentialFile(const std::string&, const rocksdb::FileOptions&,
                                        std::unique_ptr<rocksdb::FSSequentialFile>*,
                                        rocksdb::IODebugContext*) override;
    rocksdb::IOStatus NewRandomAccessFile(const std::string&, const rocksdb::FileOptions&,
                                          std::unique_ptr<rocksdb::FSRandomAccessFile>*,
                                          rocksdb::IODebugContext*) override;
    rocksdb::IOStatus NewWritableFile(const std::string&, const rocksdb::FileOptions&,
                                      std::unique_ptr<rocksdb::FSWritableFile>*,
                                      rocksdb::IODebugContext*) override;
    rocksdb::IOStatus ReopenWritableFile(const std::string&, const rocksdb::FileOptions&,
                                         std::unique_ptr<rocksdb::FSWritableFile>*,
                                         rocksdb::IODebugContext*) override;
    rocksdb::IOStatus NewRandomRWFile(const std::string&, const rocksdb::FileOptions&,
                                      std::unique_ptr<rocksdb::FSRandomRWFile>*,
                                      rocksdb::IODebugContext*) override;
    rocksdb::IOStatus NewDirectory(const std::string&, const rocksdb::IOOptions&,
                                   std::unique_ptr<rocksdb::FSDirectory>*,
                                   rocksdb::IODebugContext*) override;
    rocksdb::IOStatus FileExists(const std::string&, const rocksdb::IOOptions&,
                                 rocksdb::IODebugContext*) override;
    rocksdb::IOStatus GetChildren(const std::string&, const rocksdb::IOOptions&,
                                  std::vector<std::string>*, rocksdb::IODebugContext*) override;
    rocksdb::IOStatus DeleteFile(const std::string&, const rocksdb::IOOptions&,
                                 rocksdb::IODebugContext*) override;
    rocksdb::IOStatus CreateDir(const std::string&, const rocksdb::IOOptions&,
                                rocksdb::IODebugContext*) override;
    rocksdb::IOStatus CreateDirIfMissing(const std::string&, const rocksdb::IOOptions&,
                                         rocksdb::IODebugContext*) override;
    rocksdb::IOStatus DeleteDir(const std::string&, const rocksdb::IOOptions&,
                                rocksdb::IODebugContext*) override;
    rocksdb::IOStatus GetFileSize(const std::string&, const rocksdb::IOOptions&, std::uint64_t*,
                                  rocksdb::IODebugContext*) override;
    rocksdb::IOStatus GetFileModificationTime(const std::string&, const rocksdb::IOOptions&,
                                              std::uint64_t*, rocksdb::IODebugContext*) override;
    rocksdb::IOStatus RenameFile(const std::string&, const std::string&, const rocksdb::IOOptions&,
                                 rocksdb::IODebugContext*) override;
    rocksdb::IOStatus LinkFile(const std::string&, const std::string&, const rocksdb::IOOptions&,
                               rocksdb::IODebugContext*) override;
    rocksdb::IOStatus LockFile(const std::string&, const rocksdb::IOOptions&, rocksdb::FileLock**,
                               rocksdb::IODebugContext*) override;
    rocksdb::IOStatus UnlockFile(rocksdb::FileLock*, const rocksdb::IOOptions&,
                                 rocksdb::IODebugContext*) override;
    rocksdb::IOStatus GetTestDirectory(const rocksdb::IOOptions&, std::string*,
                                       rocksdb::IODebugContext*) override;
    rocksdb::IOStatus GetAbsolutePath(const std::string&, const rocksdb::IOOptions&, std::string*,
                                      rocksdb::IODebugContext*) override;
    rocksdb::IOStatus GetFreeSpace(const std::string&, const rocksdb::IOOptions&, std::uint64_t*,
                                   rocksdb::IODebugContext*) override;
    rocksdb::IOStatus IsDirectory(const std::string&, const rocksdb::IOOptions&, bool*,
                                  rocksdb::IODebugContext*) override;

  private:
    friend class DiskWriter;
    friend class DiskReader;
    friend class DiskUpdater;
    friend class DiskDirectory;
    std::shared_ptr<VolatileDisk> found_with(Survival) const;
    std::unique_ptr<State> state_;
};

}  // namespace yore::test
