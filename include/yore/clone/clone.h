// SPDX-License-Identifier: Apache-2.0
/// A tree that can be changed, over one that stays: blocks are copied when they are written.
///
/// What changes lies in a directory of the clone's own, nowhere in the store: names and attributes
/// in a table, the bytes of changed files in sparse files, block for block. Nothing of it is
/// sealed: it is as readable as a restored copy, and the directory is for its owner alone.
/// docs/clones.md says what is durable when.
#pragma once

#include <yore/store/keyring.h>
#include <yore/store/object_cache.h>
#include <yore/store/writer.h>
#include <yore/tree/entry.h>
#include <yore/view/writable_view.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

namespace yore::view {
class Identities;
struct MadeObjects;
}  // namespace yore::view

namespace yore::clone {

struct CloneOptions {
    /// How many bytes its changed files may take on the disk.
    std::optional<std::uint64_t> bytes_max;
};

struct Usage {
    std::uint64_t bytes = 0;  ///< on the disk, of changed files
    std::uint64_t files = 0;  ///< inodes that were changed or made, and still are
};

/// What storing a clone wrote.
struct StoredTree {
    NodeId root;  ///< as catalog::Snapshot::root
    tree::Totals totals;
    std::uint64_t bytes_read = 0, bytes_new = 0, bytes_stored = 0;  ///< of files' changed parts
};

class Clone final : public view::WritableView {
  public:
    /// Makes the directory (its parent is there) of a clone in which nothing has changed; durable
    /// when it returns. It is there already: Errc::exists. Its file system cannot tell data from
    /// holes: Errc::unsupported.
    static void create(const std::string& directory);
    /// `root` as catalog::Snapshot::root, the same each time; who opens it keeps all of it stored.
    /// The directory is not one of a clone, or damaged: `corrupt`. Used by another process: `busy`.
    /// The cache and the identities outlive it.
    Clone(const store::ObjectCache&, const view::Identities&, std::string directory,
          const NodeId& root, CloneOptions);
    ~Clone() override;

    std::optional<struct stat> lookup(view::InodeNumber directory, std::string_view name) override;
    void forget(view::InodeNumber, std::uint64_t count) override;
    view::Outcome<std::shared_ptr<const view::OpenDirectory>> open_directory(
        view::InodeNumber) override;
    view::Outcome<struct stat> make(view::InodeNumber directory, std::string_view name,
                                    const view::NewFile&, const view::Creator&) override;
    view::Outcome<struct stat> link(view::InodeNumber, view::InodeNumber directory,
                                    std::string_view name) override;
    view::Refusal remove(view::InodeNumber directory, std::string_view name,
                         view::RemoveKind) override;
    view::Refusal rename(const Place& from, const Place& to, view::RenameMode) override;

    view::Outcome<struct stat> attributes(view::InodeNumber) override;
    view::Outcome<struct stat> change(view::InodeNumber, const view::AttributeChange&) override;
    view::Outcome<std::string> link_target(view::InodeNumber) override;
    std::vector<std::string> xattr_names(view::InodeNumber) override;
    std::optional<Bytes> xattr(view::InodeNumber, std::string_view name) override;
    view::Refusal set_xattr(view::InodeNumber, std::string_view name, ByteView value,
                            view::XattrMode) override;
    view::Refusal remove_xattr(view::InodeNumber, std::string_view name) override;
    view::Outcome<bool> take_privileges(view::InodeNumber, const view::Changer&) override;

    view::Refusal read(view::InodeNumber, std::uint64_t offset, std::size_t size,
                       view::ReadSink&) override;
    view::Refusal write(view::InodeNumber, std::uint64_t offset, ByteView) override;
    view::Refusal allocate(view::InodeNumber, view::AllocateMode, std::uint64_t offset,
                           std::uint64_t length) override;
    view::Outcome<std::uint64_t> next_data(view::InodeNumber, std::uint64_t offset) override;
    view::Outcome<std::uint64_t> next_hole(view::InodeNumber, std::uint64_t offset) override;
    view::Refusal sync(view::InodeNumber, view::SyncMode) override;

    struct statvfs space() override;

    Usage usage() const;
    /// All that was changed is durable when it returns.
    void sync_all();

    /// Writes the tree as it is at one instant: what changes a clone waits until it is written.
    /// What did not change stays as the tree below has it and is not read; the cost follows the
    /// changes, and the entries of the directories that have some. What a program has written into
    /// mapped memory alone is not there yet. `made`: what of the tree below is in memory alone; it
    /// is stored, too. Stopped: Errc::cancelled.
    StoredTree store(store::Writer&, const store::Keys&, const view::MadeObjects& made,
                     const std::stop_token&);
    /// Makes the directory (its parent is there) of another clone, over the same tree, in the state
    /// of this one at one instant: what changes this one waits meanwhile. Costs what has changed,
    /// less where the file system shares blocks. Durable when it returns. It is there already:
    /// Errc::exists; cannot hold it: Errc::unsupported; stopped: Errc::cancelled.
    void copy_to(const std::string& directory, const std::stop_token&);

    struct State;

  private:
    std::unique_ptr<State> state_;
};

/// Removes the directory of a clone, which nobody has open, and nothing else: what is there and
/// was not made by a clone is kept, and so is the directory then. Not there: nothing.
void remove_clone(const std::string& directory);

}  // namespace yore::clone
