// SPDX-License-Identifier: Apache-2.0
#include "clone/data_files.h"

#include <yore/base/error.h>
#include <yore/base/file.h>

#include <cerrno>
#include <charconv>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace yore::clone {
namespace {

constexpr std::uint64_t folder_count = 256;
constexpr long xfs_magic = 0x58465342;  // linux/magic.h has it not
constexpr std::int64_t sector_bytes = 512;

/// Those whose holes are what was never written: what a hole is decides what a file's bytes are.
/// (ZFS makes holes of zeros that were written.)
bool tells_data_from_holes(long magic) {
    return magic == EXT4_SUPER_MAGIC || magic == xfs_magic || magic == BTRFS_SUPER_MAGIC ||
           magic == TMPFS_MAGIC;
}

/// `1f3.2`.
std::optional<DataName> name_in(const std::string& text) {
    DataName name;
    const char* const end = text.data() + text.size();
    const auto number = std::from_chars(text.data(), end, name.number, 16);
    if (number.ec != std::errc() || number.ptr == end || *number.ptr != '.') return std::nullopt;
    const auto generation = std::from_chars(number.ptr + 1, end, name.generation);
    if (generation.ec != std::errc() || generation.ptr != end) return std::nullopt;
    return name;
}

std::uint64_t block_bytes_of(const std::string& directory) {
    struct statvfs space {};
    if (::statvfs(directory.c_str(), &space) != 0) throw system_error("statfs", directory, errno);
    return space.f_bsize;
}

}  // namespace

std::uint64_t stored_bytes(int fd) {
    struct stat status {};
    if (::fstat(fd, &status) != 0) throw system_error("stat", "a clone's file", errno);
    return static_cast<std::uint64_t>(status.st_blocks * sector_bytes);
}

void DataFiles::create(const std::string& directory) {
    if (::mkdir(directory.c_str(), 0700) != 0) throw system_error("make", directory, errno);
    struct statfs system {};
    if (::statfs(directory.c_str(), &system) != 0) throw system_error("statfs", directory, errno);
    if (!tells_data_from_holes(system.f_type))
        throw Error(
            Errc::unsupported,
            fmt::format("{}: its file system is not known to tell data from holes", directory),
            {"changes of clones can lie on ext4, XFS, Btrfs and tmpfs"});
}

DataFiles::DataFiles(std::string directory, std::optional<std::uint64_t> bytes_max,
                     const std::function<bool(const DataName&)>& is_wanted)
    : directory_(std::move(directory)),
      bytes_max_(bytes_max),
      block_bytes_(block_bytes_of(directory_)) {
    std::int64_t sum = 0;
    for (const auto& file : std::filesystem::recursive_directory_iterator(directory_)) {
        struct stat status {};
        const std::string path = file.path();
        if (::lstat(path.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) continue;
        const auto name = name_in(file.path().filename().string());
        if (name && path == path_of(*name) && !is_wanted(*name))
            ::unlink(path.c_str());  // as it was removed before a crash, or was never synced
        else
            sum += static_cast<std::int64_t>(status.st_blocks) * sector_bytes;
    }
    bytes_ = sum;
}

std::string DataFiles::folder_of(const DataName& name) const {
    return fmt::format("{}/{:02x}", directory_, name.number % folder_count);
}

std::string DataFiles::path_of(const DataName& name) const {
    return fmt::format("{}/{:x}.{}", folder_of(name), name.number, name.generation);
}

DataFiles::File DataFiles::make(const DataName& name) {
    const std::string path = path_of(name);
    constexpr int flags = O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
    Fd fd(::open(path.c_str(), flags, 0600));
    if (!fd && errno == ENOENT) {
        const std::string folder = folder_of(name);
        if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST)
            throw system_error("make", folder, errno);
        fd = Fd(::open(path.c_str(), flags, 0600));
    }
    if (!fd) throw system_error("make", path, errno);
    return remember(name, std::move(fd));
}

DataFiles::File DataFiles::open(const DataName& name) {
    const auto found = open_.with([&](Open& open) -> File {
        const auto place = open.files.find(name);
        if (place == open.files.end()) return nullptr;
        open.order.splice(open.order.begin(), open.order, place->second);
        return place->second->second;
    });
    if (found) return found;
    const std::string path = path_of(name);
    Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!fd && errno == ENOENT) return nullptr;
    if (!fd) throw system_error("open", path, errno);
    return remember(name, std::move(fd));
}

DataFiles::File DataFiles::remember(const DataName& name, Fd fd) {
    auto file = std::make_shared<const Fd>(std::move(fd));
    std::vector<File> closed;  // without the lock
    return open_.with([&](Open& open) {
        const auto [place, is_new] = open.files.try_emplace(name);
        if (!is_new) return place->second->second;
        open.order.emplace_front(name, file);
        place->second = open.order.begin();
        while (open.order.size() > open_max) {
            closed.push_back(std::move(open.order.back().second));
            open.files.erase(open.order.back().first);
            open.order.pop_back();
        }
        return file;
    });
}

void DataFiles::forget(const DataName& name) {
    File closed;
    open_.with([&](Open& open) {
        const auto place = open.files.find(name);
        if (place == open.files.end()) return;
        closed = std::move(place->second->second);
        open.order.erase(place->second);
        open.files.erase(place);
    });
}

void DataFiles::keep(const DataName& name) {
    sync_directory(folder_of(name));
    sync_directory(directory_);  // in which the folder may be new
}

void DataFiles::remove(const DataName& name) {
    if (const File file = open(name)) note(-static_cast<std::int64_t>(stored_bytes(file->get())));
    forget(name);
    const std::string path = path_of(name);
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) throw system_error("remove", path, errno);
}

void DataFiles::doom(const DataName& name) {
    {
        const std::scoped_lock lock(doomed_mutex_);
        doomed_.push_back(name);
    }
    doomed_changed_.notify_all();
}

std::vector<DataName> DataFiles::take_doomed() {
    const std::scoped_lock lock(doomed_mutex_);
    return std::exchange(doomed_, {});
}

bool DataFiles::wait_for_doomed(const std::stop_token& stop, std::chrono::milliseconds rest) {
    std::unique_lock lock(doomed_mutex_);
    if (!doomed_changed_.wait(lock, stop, [&] { return !doomed_.empty(); })) return false;
    doomed_changed_.wait_for(lock, stop, rest, [] { return false; });
    return !stop.stop_requested();
}

}  // namespace yore::clone
