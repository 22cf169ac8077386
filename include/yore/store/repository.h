// SPDX-License-Identifier: Apache-2.0
/// A repository on a local disk: its directory, its owner's lock, its keys, its store.
///
///     DIR/repository   identity, format version, feature bits, key slots  (keyring.h)
///     DIR/lock         locked by the owner (fcntl, open file description), holds who it is
///     DIR/head         two slots: number and hash of the last acknowledged commit
///     DIR/db/          RocksDB
///     DIR/packs/       packs in the making
#pragma once

#include <yore/base/fd.h>
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
    /// Somebody else holds it: nullopt, and `owner_of` tells who. Where this process may not write
    /// (read-only file system, another's directory) it is shared with other readers.
    /// No repository there, or half of one: the errors of `open_store`.
    static std::optional<RepositoryLock> try_take(const std::string& repository, const Owner& self);
    /// Nobody, or only readers: nullopt. Takes nothing, not for a moment.
    static std::optional<Owner> owner_of(const std::string& repository);
    /// Shared: the store opens read-only.
    bool shared() const { return shared_; }

    RepositoryLock(RepositoryLock&&) noexcept = default;
    RepositoryLock& operator=(RepositoryLock&&) = delete;
    ~RepositoryLock();

  private:
    RepositoryLock(Fd fd, bool shared) : fd_(std::move(fd)), shared_(shared) {}
    Fd fd_;  ///< none: a file system without locks, or a read-only one without the file
    bool shared_;
};

enum class OpenMode { read_write, read_only };
struct OpenOptions {
    OpenMode mode = OpenMode::read_write;
    StoreOptions store = {};
    std::uint64_t block_cache_bytes = 32u << 20;  ///< RocksDB's index and filter blocks
};

/// Makes `directory` (absent or empty, else `exists`) a repository. Durable when it returns; after
/// a crash before that there is half of one.
void create_repository(const std::string& directory, const KeyFile&);

/// Nothing there: `not_found`. Half of one (an `init` that was interrupted, a part that is lost):
/// `corrupt`. Hints say what to do.
void check_repository(const std::string& directory);

/// Opens the store of a repository whose lock the caller holds. Besides `check_repository`: damage,
/// parts of different repositories, less than `head` promises: `corrupt`; a newer format, or one
/// that this version must not write: `unsupported`. Read-only: nothing is written.
std::unique_ptr<Store> open_store(const std::string& directory, const RepositoryLock&, Keys,
                                  const OpenOptions&, const Clock&);

}  // namespace yore::store
