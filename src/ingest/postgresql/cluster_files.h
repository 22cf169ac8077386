// SPDX-License-Identifier: Apache-2.0
/// Takes in the files of a base backup as they come, in the order of the server's directories.
///
/// The tree has the data directory as it was, but tablespaces are directories in it:
/// `pg_tblspc/OID` is a link to `../tablespaces/OID`, so that a copy never uses the original's.
/// Each file's bytes are summed on the way, to be compared with the manifest. What a
/// server reads when it starts is held back: what is stored of it is decided when all is there.
#pragma once

#include <yore/tree/directory.h>

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "ingest/counters.h"
#include "ingest/outbox.h"
#include "ingest/piece_cutter.h"
#include "ingest/postgresql/base_backup.h"
#include "ingest/postgresql/tar_reader.h"

namespace yore::ingest {

/// One thread.
class ClusterFiles {
  public:
    /// All outlive it.
    struct Parts {
        Outbox& outbox;
        PieceCutter& cutter;
        Counters& counters;
        const store::ObjectCache& cache;
        const GroupSizes& sizes;
        std::optional<tree::EntryView> before;  ///< the data directory in the previous snapshot
    };
    explicit ClusterFiles(const Parts&);

    /// The files of a tablespace, one after the other.
    struct Archive {
        std::function<std::optional<TarEntry>()> next;  ///< at the end: nullopt
        /// Of the regular file that `next` gave: fills it but at the file's end.
        std::function<std::size_t(MutableBytes)> read;
    };
    void add_archive(const BaseBackup::Tablespace&, const Archive&);

    struct Sum {
        std::uint64_t size = 0;
        std::uint32_t crc32c = 0;
    };
    /// By the paths of the manifest. What stands in it was taken from the archives.
    using Sums = std::unordered_map<std::string, Sum>;
    const Sums& sums() const { return sums_; }

    /// A file that is not stored yet: one of settings, `backup_label`, `global/pg_control`.
    struct Held {
        TarEntry status;
        std::string bytes;
    };
    using HeldFiles = std::map<std::string, Held, std::less<>>;
    HeldFiles take_held() { return std::move(held_); }
    /// As the files of the last archive are owned; for those that are added.
    const TarEntry& owner() const { return owner_; }

    /// Stores a file; its size is that of `bytes`.
    void add_file(const TarEntry& status, std::string_view bytes);
    void add_directory(const TarEntry& status, const std::string& path);
    /// The data directory itself.
    void add_top(std::uint32_t permissions, Timestamp modified);

  private:
    /// Where a tablespace's files are in the tree, and where the server and the manifest see them.
    struct Tops {
        std::string stored, linked;
    };
    static Tops tops_of(const BaseBackup::Tablespace&);
    void add_link(const TarEntry&, const std::string& path);
    Sum add_regular(const TarEntry&, const std::string& path, const Archive&);
    void store(const TarEntry&, const std::string& path, const PieceCutter::Read&);
    void store_small(AddEntry&&, const std::optional<tree::EntryView>& before,
                     const PieceCutter::Read&);
    std::optional<tree::EntryView> find_before(const std::string& path);
    std::optional<NodeId> node_before(std::string_view directory) const;

    const Parts parts_;
    Buffer small_;  ///< a small file's bytes
    Sums sums_;
    HeldFiles held_;
    std::uint64_t held_bytes_ = 0;
    TarEntry owner_;
    /// Of the previous snapshot: the directory that was looked into last.
    std::optional<std::string> known_directory_;
    std::optional<NodeId> known_node_;
};

}  // namespace yore::ingest
