// SPDX-License-Identifier: Apache-2.0
/// A file tree that can be changed: what a mount for writing serves, by inode numbers.
///
/// The names, kinds and results are those of POSIX; whether the caller may do it was decided by
/// the kernel (`default_permissions`). Expected refusals are values; only damage and failing
/// disks throw. Any thread; calls on one inode, and those that change names, wait for each other.
#pragma once

#include <yore/base/bytes.h>
#include <yore/view/outcome.h>

#include <cerrno>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/types.h>

namespace yore::view {

/// Stays the same for as long as the file is there, also over restarts.
using InodeNumber = std::uint64_t;
inline constexpr InodeNumber writable_root = 1;

/// Of calls that give nothing: `std::errc()` is success.
using Refusal = std::errc;
/// Values that std::errc has no names for.
inline constexpr std::errc stale_inode = static_cast<std::errc>(ESTALE);
inline constexpr std::errc quota_exceeded = static_cast<std::errc>(EDQUOT);
inline constexpr std::errc no_such_xattr = static_cast<std::errc>(ENODATA);

/// Who makes a file: its owner, and which permissions it leaves out where no default ACL rules.
struct Creator {
    uid_t uid = 0;
    gid_t gid = 0;
    mode_t umask = 0;
};
/// `mode` has the file's type.
struct NewFile {
    mode_t mode = 0;
    dev_t device = 0;              ///< of devices
    std::string_view target = {};  ///< of symbolic links
};
/// What setattr changes; absent: it stays. `UTIME_NOW` in `tv_nsec` means now.
struct AttributeChange {
    std::optional<mode_t> permissions;  ///< the lower 12 bits
    std::optional<uid_t> uid;
    std::optional<gid_t> gid;
    std::optional<std::uint64_t> size;
    std::optional<timespec> accessed, modified;
};
enum class RenameMode : std::uint8_t { replace, no_replace, exchange };
enum class RemoveKind : std::uint8_t { file, directory };
enum class XattrMode : std::uint8_t { either, create, replace };
/// As fallocate(2); `reserve` makes the file longer, `reserve_inside` does not.
enum class AllocateMode : std::uint8_t { reserve, reserve_inside, punch, zero, zero_inside };
enum class SyncMode : std::uint8_t { data, all };
/// Who changes a file and may not leave its set-id bits: whether this is a group of theirs.
/// Empty: who may.
using Changer = std::function<bool(gid_t)>;

/// Takes the bytes of a read, in order, as they lie.
class ReadSink {
  public:
    virtual ~ReadSink() = default;
    /// `owner` keeps the bytes; null: they are copied.
    virtual void add(ByteView, std::shared_ptr<const void> owner) = 0;
    virtual void add_zeros(std::uint64_t count) = 0;
};

/// A directory as it was when it was opened. One thread at a time.
struct OpenDirectory {
    struct Name {
        std::string name;
        InodeNumber number = 0;
        mode_t type = 0;
    };
    std::vector<Name> names;  ///< without the dots
};

class WritableView {
  public:
    virtual ~WritableView() = default;

    // Names. What lookup, make and link give counts as one lookup of the inode: it is known until
    // as many were forgotten, also when its last name is gone. The root is always known. An inode
    // that is not known is refused as `stale_inode`.
    /// No such name: nullopt.
    virtual std::optional<struct stat> lookup(InodeNumber directory, std::string_view name) = 0;
    virtual void forget(InodeNumber, std::uint64_t count) = 0;
    virtual Outcome<std::shared_ptr<const OpenDirectory>> open_directory(InodeNumber) = 0;
    virtual Outcome<struct stat> make(InodeNumber directory, std::string_view name, const NewFile&,
                                      const Creator&) = 0;
    virtual Outcome<struct stat> link(InodeNumber, InodeNumber directory,
                                      std::string_view name) = 0;
    virtual Refusal remove(InodeNumber directory, std::string_view name, RemoveKind) = 0;
    struct Place {
        InodeNumber directory;
        std::string_view name;
    };
    virtual Refusal rename(const Place& from, const Place& to, RenameMode) = 0;

    // Attributes.
    virtual Outcome<struct stat> attributes(InodeNumber) = 0;
    /// Of nothing: the time of change alone.
    virtual Outcome<struct stat> change(InodeNumber, const AttributeChange&) = 0;
    virtual Outcome<std::string> link_target(InodeNumber) = 0;
    virtual std::vector<std::string> xattr_names(InodeNumber) = 0;
    virtual std::optional<Bytes> xattr(InodeNumber, std::string_view name) = 0;
    /// ACLs among them: they change permissions, and permissions them.
    virtual Refusal set_xattr(InodeNumber, std::string_view name, ByteView value, XattrMode) = 0;
    virtual Refusal remove_xattr(InodeNumber, std::string_view name) = 0;
    /// What a file loses when its bytes or its owner change: `security.capability`, and set-id
    /// bits, as the changer may. Whether it lost something. Of directories: nothing.
    virtual Outcome<bool> take_privileges(InodeNumber, const Changer&) = 0;

    // Bytes of regular files.
    /// As far as the file goes.
    virtual Refusal read(InodeNumber, std::uint64_t offset, std::size_t size, ReadSink&) = 0;
    /// All of it, or it is refused: no space (also within the limit of the clone), too large.
    virtual Refusal write(InodeNumber, std::uint64_t offset, ByteView) = 0;
    virtual Refusal allocate(InodeNumber, AllocateMode, std::uint64_t offset,
                             std::uint64_t length) = 0;
    /// As lseek(2): nothing there is `no_such_device_or_address`.
    virtual Outcome<std::uint64_t> next_data(InodeNumber, std::uint64_t offset) = 0;
    virtual Outcome<std::uint64_t> next_hole(InodeNumber, std::uint64_t offset) = 0;
    /// Durable when it returns: the inode's bytes and attributes, and all changes of names that
    /// were made before.
    virtual Refusal sync(InodeNumber, SyncMode) = 0;

    virtual struct statvfs space() = 0;
};

}  // namespace yore::view
