// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/base/log.h>
#include <yore/store/repository.h>
#include <yore/store/rocks_backend.h>

#include <cerrno>
#include <filesystem>
#include <utility>

#include <sys/stat.h>

#include "store/commit_log.h"

namespace yore::store {
namespace {

bool is_there(const std::string& path) {
    struct stat found {};
    if (::stat(path.c_str(), &found) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    throw system_error("look at", path, errno);
}

bool is_directory(const std::string& path) {
    struct stat found {};
    return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

void ensure_empty(const std::string& directory) {
    if (is_there(directory + "/repository")) {
        throw Error(Errc::exists, fmt::format("there is a repository at {} already", directory));
    }
    std::error_code failure;
    const bool empty = std::filesystem::is_empty(directory, failure);
    if (failure) throw system_error("look into", directory, failure.value());
    if (!empty) {
        throw Error(Errc::exists, fmt::format("{} is not empty", directory),
                    {"a repository needs a directory of its own; if this one is left over from an "
                     "`init` that was interrupted, remove it"});
    }
}

Error half_a_repository(const std::string& directory, std::string_view missing) {
    return Error(Errc::corrupt, fmt::format("half a repository at {}: no {}", directory, missing),
                 {"if its `init` was interrupted, remove the directory and run `yore init` again",
                  "if it held backups, put the missing part back from a copy"});
}

/// The keys are those of this directory, and this version may do what was asked.
void check_key_file(const std::string& directory, const Keys& keys, bool read_only) {
    auto file = KeyFile::load(directory + "/repository");
    if (!file) throw half_a_repository(directory, "`repository`");
    if (file->repository() != keys.repository) {
        throw Error(Errc::wrong_key,
                    fmt::format("the keys are those of repository {}, {} holds {}",
                                keys.repository.hex(), directory, file->repository().hex()));
    }
    if (!read_only) file->ensure_writable();
}

/// Without space nothing can be written, but everything can be read.
std::unique_ptr<Backend> open_backend(const std::string& directory, RocksOptions& options) {
    try {
        return open_rocks_backend(directory, options);
    } catch (const Error& error) {
        if (error.code() != Errc::no_space || options.read_only) throw;
        log_warning("{}; {} is opened read-only for want of space", error.what(), directory);
    }
    options.read_only = true;
    return open_rocks_backend(directory, options);
}

}  // namespace

void check_repository(const std::string& directory) {
    const bool keys = is_there(directory + "/repository");
    const bool database = is_directory(directory + "/db");
    const bool head = is_there(directory + "/head");
    if (!keys && !database && !head) {
        throw Error(Errc::not_found, fmt::format("no repository at {}", directory),
                    {fmt::format("make one: yore init --repo {}", directory),
                     "or say where it is: --repo DIR, or YORE_REPO"});
    }
    if (!keys) throw half_a_repository(directory, "`repository`, the file that holds its keys");
    if (!database) throw half_a_repository(directory, "`db`");
    if (!head) throw half_a_repository(directory, "`head`");
}

void create_repository(const std::string& directory, const KeyFile& keys) {
    make_directories(directory);
    ensure_empty(directory);
    create_rocks_backend(directory);
    found_repository(*open_rocks_backend(directory), keys.repository());
    // Last: what has no key file yet is not a repository.
    keys.save(directory + "/repository");
}

std::unique_ptr<Store> open_store(const std::string& directory, const RepositoryLock& lock,
                                  Keys keys, const OpenOptions& options, const Clock& clock) {
    check_repository(directory);
    StoreOptions store_options = options.store;
    store_options.read_only = options.mode == OpenMode::read_only || lock.shared();
    check_key_file(directory, keys, store_options.read_only);
    // What a crash left of a key file may hold a slot that has been removed since.
    if (!store_options.read_only) remove_interrupted_replacements(directory);
    RocksOptions rocks_options;
    rocks_options.read_only = store_options.read_only;
    rocks_options.block_cache_bytes = options.block_cache_bytes;
    auto backend = open_backend(directory, rocks_options);
    store_options.read_only = rocks_options.read_only;
    if (backend->last_commit() == CommitNumber{}) {
        throw Error(Errc::corrupt, fmt::format("{}: the first commit is gone", directory),
                    {"db/ and head were replaced or emptied: put them back from a copy"});
    }
    return doing([&] { return fmt::format("open {}", directory); },
                 [&] {
                     return std::make_unique<Store>(std::move(backend), std::move(keys),
                                                    store_options, clock);
                 });
}

}  // namespace yore::store
