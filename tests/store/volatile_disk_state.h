// SPDX-License-Identifier: Apache-2.0
/// What is on a VolatileDisk: of each file and each directory, what is there and what is durable.
#pragma once

#include <yore/base/random.h>

#include <set>
#include <utility>

#include "volatile_disk.h"

namespace yore::test {

std::string normal(std::string path);
std::string parent_of(const std::string& path);
std::string name_of(const std::string& path);
rocksdb::IOStatus absent(const std::string& path);

/// What is found later: everything, or of what was not synced nothing or a random part.
struct Survival {
    bool everything = false;
    SeededRandom* random = nullptr;
};

struct DiskWrite {
    std::size_t offset = 0;
    std::string data = {};
    std::optional<std::size_t> truncate_to = {};
};

struct VolatileDisk::File {
    std::string current, durable;
    std::vector<DiskWrite> unsynced;

    void write(DiskWrite);
    void sync();
    std::string survivor(Survival) const;
};

struct VolatileDisk::Directory {
    using Entries = std::map<std::string, std::shared_ptr<File>>;
    /// Null: the name goes. A rename has two parts.
    using Change = std::vector<std::pair<std::string, std::shared_ptr<File>>>;

    Entries current, durable;
    std::vector<Change> unsynced;
    bool is_durable = false;  ///< its own name is

    void change(Change);
    void sync();
    bool survives(Survival) const;
    Entries survivors(Survival) const;
};

struct VolatileDisk::State {
    mutable std::mutex mutex;  ///< guards all that follows and all files
    std::map<std::string, Directory> directories;
    std::set<std::string> locks;
    Judge judge;
    std::uint64_t steps = 0;
    bool power_is_off = false;
    std::optional<std::uint64_t> free_bytes;

    /// A step that is on its way when the power goes `happens`, but is reported as failed.
    struct Verdict {
        rocksdb::IOStatus status;
        bool happens;
    };
    Verdict step(StepKind, const std::string& path);
    Directory* directory(const std::string& path);
    std::shared_ptr<File> file(const std::string& path);
    rocksdb::IOStatus write(const std::string& path, File&, DiskWrite);
    rocksdb::IOStatus sync(const std::string& path, File&);
};

}  // namespace yore::test
