// SPDX-License-Identifier: Apache-2.0
/// The embedded backend: packs, commits and tables in one RocksDB, and `head` beside it.
#pragma once

#include <yore/store/backend.h>

#include <cstdint>
#include <memory>
#include <string>

namespace rocksdb {
class Env;
}

namespace yore::store {

struct RocksOptions {
    bool read_only = false;
    std::uint64_t block_cache_bytes = 32u << 20;
    rocksdb::Env* env =
        nullptr;  ///< null: the real disk; a test's loses power. Outlives the backend
};

/// Makes `directory` (its parent is there) with `db`, `packs` and `head` in it. Durable when it
/// returns. There is a database already: `exists`.
void create_rocks_backend(const std::string& directory, const RocksOptions& = {});

/// Half of a repository, less than `head` promises, damage: `corrupt`, and nothing was changed.
/// Made by a newer version: `unsupported`. Another process has it: `busy`. Read-only, nothing at
/// all is written; else packs that no commit names are removed. No more than a table's rows and a
/// log of bounded length are read, however large the repository.
std::unique_ptr<Backend> open_rocks_backend(const std::string& directory, const RocksOptions& = {});

}  // namespace yore::store
