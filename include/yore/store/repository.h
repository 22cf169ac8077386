// SPDX-License-Identifier: Apache-2.0
/// A repository on a local disk: its directory, its owner's lock, its keys, its store.
///
///     DIR/repository   identity, format version, feature bits, key slots  (keyring.h)
///     DIR/lock         flock()ed by the owner, holds who it is
///     DIR/head         two slots: number and hash of the last acknowledged commit
///     DIR/db/          RocksDB
///     DIR/packs/       packs in the making
#pragma once

#include <yore/base/random.h>
#include <yore/base/time.h>
#include <yore/store/keyring.h>
#include <yore/store/store.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace yore::store {

struct Owner {
    int pid = 0;
    std::string command;  ///< `yore mount /mnt`
    Timestamp since;
};

/// Held by at most one process for each repository; released when it goes or the process ends.
class RepositoryLock {
  public:
    /// Somebody else holds it: nullopt, and `owner_of` tells who. A repository on a read-only file
    /// system is locked without writing.
    static std::optional<RepositoryLock> try_take(const std::string& repository, const Owner& self);
    static std::optional<Owner> owner_of(const std::string& repository);
    RepositoryLock(RepositoryLock&&) noexcept;
    ~RepositoryLock();

  private:
    RepositoryLock() = default;
    struct State;
    std::unique_ptr<State> state_;
};

enum class OpenMode { read_write, read_only };
struct OpenOptions {
    OpenMode mode = OpenMode::read_write;
    StoreOptions store;
    std::uint64_t block_cache_bytes = 32u << 20;  ///< RocksDB's index and filter blocks
};

/// Makes `directory` (absent or empty, else `exists`) a repository. Durable when it returns.
void create_repository(const std::string& directory, const KeyFile&);

/// Opens the store of a repository whose lock the caller holds.
/// No repository there, half of one, a newer format, damage, less than `head` promises: each its own error with hints.
/// `read_only` also when the file system is; nothing is written then.
std::unique_ptr<Store> open_store(const std::string& directory, const RepositoryLock&, Keys,
                                  const OpenOptions&, const Clock&);

}  // namespace yore::store
