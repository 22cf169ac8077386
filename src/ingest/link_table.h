// SPDX-License-Identifier: Apache-2.0
/// Which inodes with several names have been read, so that each is read once.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>

#include "ingest/file_status.h"

namespace yore::ingest {

/// Bounded: when it is full, further inodes are read once for each name.
class LinkTable {
  public:
    static constexpr std::size_t inodes_max = 200'000;

    struct Link {
        std::uint32_t number = 0;
        bool last = false;  ///< all names have been met
    };
    /// The inode was read under another name and has not changed since.
    std::optional<Link> find(const FileStatus& status) {
        const auto found = inodes_.find({status.device, status.attributes.inode});
        if (found == inodes_.end()) return std::nullopt;
        if (!status.unchanged_since(found->second.status)) {
            inodes_.erase(found);
            return std::nullopt;
        }
        const Link link{found->second.number, --found->second.names_left == 0};
        if (link.last) inodes_.erase(found);
        return link;
    }
    /// A number for an inode that will be read, if there is room; else 0.
    std::uint32_t next_number() { return inodes_.size() < inodes_max ? ++last_number_ : 0; }
    void add(const FileStatus& status, std::uint32_t number) {
        if (status.attributes.link_count < 2) return;
        inodes_[{status.device, status.attributes.inode}] = {status, number,
                                                             status.attributes.link_count - 1};
    }

  private:
    struct Key {
        std::uint64_t device, inode;
        bool operator==(const Key&) const = default;
    };
    struct Hash {
        std::size_t operator()(const Key& key) const {
            return static_cast<std::size_t>((key.inode ^ key.device << 32) * 0x9e3779b97f4a7c15u);
        }
    };
    struct Seen {
        FileStatus status;
        std::uint32_t number = 0;
        std::uint32_t names_left = 0;
    };
    std::unordered_map<Key, Seen, Hash> inodes_;
    std::uint32_t last_number_ = 0;
};

}  // namespace yore::ingest
