// SPDX-License-Identifier: Apache-2.0
/// Packs that are files: SST files in DIR/packs until a commit moves them into the database.
///
/// Keys are those of `item_key`; the last one of a pack's range holds its index.
#pragma once

#include <yore/base/guarded.h>
#include <yore/format/ids.h>
#include <yore/store/backend.h>
#include <yore/store/rocks_backend.h>

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "store/rocks_keys.h"
#include "store/write_stop.h"

namespace yore::store {

/// What packs leave free on the disk, and then commits: when packs do not fit any more, those
/// before can still be committed, and when commits do not, RocksDB can still write down what it
/// holds.
inline constexpr std::uint64_t free_bytes_after_packs = 32u << 20;
inline constexpr std::uint64_t free_bytes_after_commits = 8u << 20;
/// Throws `no_space` when less than `bytes` are free. Unknown free space is enough.
void ensure_free(rocksdb::Env&, const std::string& directory, std::uint64_t bytes);

/// The directory of packs in the making. Any thread; sinks must not outlive it.
class PackFiles {
  public:
    PackFiles(std::string directory, const RocksOptions&, WriteStop&);

    std::unique_ptr<PackSink> create(Domain, std::uint64_t number);

    struct Finished {
        Domain domain;
        std::string path;
    };
    /// Finished and not yet taken in or discarded.
    std::optional<Finished> find(std::uint64_t number) const;
    /// The database has them.
    void forget(std::span<const std::uint64_t> numbers);
    /// Removes the file of a finished pack. Returns false when there is none.
    bool discard(Domain, std::uint64_t number);
    /// Removes what an earlier run left. Only before the first `create`.
    void remove_leftovers();

  private:
    friend class PackFileSink;
    void finished(Domain, std::uint64_t number, const std::string& path);
    void remove(const std::string& path) noexcept;

    std::string directory_;
    RocksOptions options_;
    WriteStop& stop_;
    Guarded<std::map<std::uint64_t, Finished>> finished_;
};

}  // namespace yore::store
