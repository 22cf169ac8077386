// SPDX-License-Identifier: Apache-2.0
/// Keyed 128-bit hashes that stand for files. Nobody who lacks the repository's key for inode
/// numbers can make two files share a page cache, also not from the numbers that a mount shows:
/// they are words of these hashes.
#pragma once

#include <yore/crypto/secret.h>
#include <yore/crypto/siphash.h>
#include <yore/tree/directory.h>
#include <yore/view/view.h>

#include <cstdint>
#include <string_view>

namespace yore::view {

class Identities {
  public:
    explicit Identities(const crypto::SecretKey& inode_key) : hash_(inode_key.view()) {}

    /// A generated file, by what it is and what its content depends on.
    Identity generated(NodeKind, std::uint32_t source, std::string_view detail = {}) const;
    /// The top of a snapshot, at a name in a generated directory.
    Identity top(const Identity& directory, std::string_view name, const SnapshotId&) const;
    /// A name in a directory: for directories below a snapshot, and for paths in a source.
    Identity below(const Identity& directory, std::string_view name) const;
    /// A file with one link: the same in every snapshot in which all of it is the same.
    Identity file(const Identity& path, const tree::EntryView&, const tree::Attributes&,
                  const tree::Content&) const;
    /// All names of one inode of one snapshot. Names that were read while the file changed, and so
    /// differ, are two: never is one shown with the other's bytes.
    Identity linked(const SnapshotId&, const tree::EntryView&, const tree::Attributes&,
                    const tree::Content&) const;

  private:
    crypto::SipHash hash_;
};

}  // namespace yore::view
