// SPDX-License-Identifier: Apache-2.0
/// The embedded backend: packs, commits and tables in one RocksDB.
#pragma once

#include <yore/store/backend.h>

#include <memory>
#include <string>

namespace rocksdb {
class Env;
}

namespace yore::store {

/// The steps by which small files become durable; a test stops them.
class FileSteps {
  public:
    virtual ~FileSteps() = default;
    virtual void write_at(int fd, std::uint64_t offset, ByteView content) = 0;
    virtual void sync(int fd, const std::string& path) = 0;
};
FileSteps& real_file_steps();

struct RocksOptions {
    bool read_only = false;
    std::uint64_t block_cache_bytes = 32u << 20;
    rocksdb::Env* env = nullptr;      ///< null: the default; a test's counts, drops and fails
    FileSteps* file_steps = nullptr;  ///< null: the real ones
};

/// Makes `directory/db`, `directory/packs` and `directory/head`. Durable when it returns.
void create_rocks_backend(const std::string& directory, const RocksOptions& = {});

/// Half of a repository, less than `head` promises, or damage: `corrupt`, and says what.
/// Packs that no commit names are removed, except when read-only: then nothing is written.
std::unique_ptr<Backend> open_rocks_backend(const std::string& directory, const RocksOptions& = {});

}  // namespace yore::store
