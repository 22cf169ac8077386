// SPDX-License-Identifier: Apache-2.0
#include "model/digest.h"

#include <yore/base/fd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <functional>
#include <memory>
#include <vector>

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/xattr.h>
#include <unistd.h>

namespace yore::test {
namespace {

constexpr off_t block = 4096;
/// Up to here a file is read whole, besides by its data and holes.
constexpr off_t whole_read_max = 1 << 20;
constexpr time_t long_ago = 1'700'000'000;

std::uint64_t hash_of(std::string_view bytes) {
    return std::hash<std::string_view>()(bytes);
}

bool is_zero(std::string_view bytes) {
    return std::ranges::all_of(bytes, [](char byte) { return byte == 0; });
}

/// A digest of places and blocks that are not zero: the same for any way to store them.
class ContentDigest {
  public:
    void add(off_t at, std::string_view bytes) {
        if (is_zero(bytes)) return;
        // Knuth's multiplier, so that the order counts.
        state_ = (state_ ^ hash_of(bytes)) * 0x9e3779b97f4a7c15u + static_cast<std::uint64_t>(at);
    }
    std::string text() const { return fmt::format("{:016x}", state_); }

  private:
    std::uint64_t state_ = 0;
};

/// Whole blocks, as far as the file goes. False: it cannot be read.
bool add_range(ContentDigest& digest, int fd, off_t from, off_t end, off_t size) {
    std::vector<char> bytes(64 * block);
    for (off_t at = from / block * block; at < end;) {
        const ssize_t count = ::pread(fd, bytes.data(), bytes.size(), at);
        if (count <= 0) return at >= size;
        for (off_t i = 0; i < count && at + i < end; i += block)
            digest.add(at + i, {bytes.data() + i,
                                static_cast<std::size_t>(std::min<off_t>(block, count - i))});
        at += count;
    }
    return true;
}

/// By SEEK_DATA and SEEK_HOLE. A text that begins with `!` tells what is wrong with them. The
/// position of the descriptor moves.
std::string digest_by_data(int fd, off_t size) {
    ContentDigest digest;
    off_t done = 0;
    while (done < size) {
        const off_t data = ::lseek(fd, done, SEEK_DATA);
        if (data < 0 && errno == ENXIO) break;
        if (data < done) return fmt::format("!data at {} after {}", data, done);
        const off_t hole = ::lseek(fd, data, SEEK_HOLE);
        if (hole <= data || hole > size) return fmt::format("!hole at {} after {}", hole, data);
        // A block that the last range ended in was added with it.
        const off_t from = done > 0 ? std::max(data, (done + block - 1) / block * block) : data;
        if (from < hole && !add_range(digest, fd, from, hole, size))
            return fmt::format("!read at {}: {}", from, ::strerror(errno));
        done = hole;
    }
    return digest.text();
}

using Names = std::vector<std::string>;

Names xattr_names(const std::string& path) {
    std::string listed(4096, '\0');
    const ssize_t count = ::llistxattr(path.c_str(), listed.data(), listed.size());
    Names names;
    for (ssize_t at = 0; at < count;) {
        names.emplace_back(listed.data() + at);
        at += static_cast<ssize_t>(names.back().size()) + 1;
    }
    std::ranges::sort(names);
    return names;
}

std::string xattrs_of(const std::string& path) {
    std::string text;
    for (const std::string& name : xattr_names(path)) {
        std::string value(4096, '\0');
        const ssize_t count = ::lgetxattr(path.c_str(), name.c_str(), value.data(), value.size());
        value.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        text += fmt::format(" {}={}", name, count < 0 ? "?" : digest_of(value));
    }
    return text;
}

std::string content_of(const std::string& path, const struct stat& stat) {
    if (S_ISLNK(stat.st_mode)) {
        std::string target(4096, '\0');
        const ssize_t count = ::readlink(path.c_str(), target.data(), target.size());
        target.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
        return " -> " + target;
    }
    if (!S_ISREG(stat.st_mode)) return "";
    const Fd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!fd) return fmt::format(" !open: {}", ::strerror(errno));
    return " " + digest_of_file(fd.get());
}

struct Listed {
    std::string name;
    unsigned char type;
    ino_t number;
};

std::vector<Listed> list(const std::string& directory) {
    std::vector<Listed> found;
    const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
    if (!open) return {{fmt::format("!opendir: {}", ::strerror(errno)), 0, 0}};
    while (const dirent* one = ::readdir(open.get()))
        if (std::strcmp(one->d_name, ".") != 0 && std::strcmp(one->d_name, "..") != 0)
            found.push_back({one->d_name, one->d_type, one->d_ino});
    std::ranges::sort(found, {}, &Listed::name);
    return found;
}

class TreeDescription {
  public:
    explicit TreeDescription(std::string top) : top_(std::move(top)) { walk(""); }
    std::map<std::string, std::string> told;

  private:
    void walk(const std::string& path) {
        for (const Listed& one : list(top_ + "/" + path))
            add(path.empty() ? one.name : path + "/" + one.name, one);
    }
    void add(const std::string& path, const Listed& listed) {
        const std::string whole = top_ + "/" + path;
        struct stat stat {};
        if (::lstat(whole.c_str(), &stat) != 0) {
            told[path] = fmt::format("!lstat: {}", ::strerror(errno));
            return;
        }
        std::string text = description_of(whole, stat);
        if (listed.number != stat.st_ino || listed.type != IFTODT(stat.st_mode))
            text += " !listed as another";
        const std::string& first = first_path_.try_emplace(stat.st_ino, path).first->second;
        if (first != path) text += " same as " + first;
        told[path] = text;
        if (S_ISDIR(stat.st_mode)) walk(path);
    }

    std::string top_;
    std::map<ino_t, std::string> first_path_;
};

}  // namespace

std::string digest_of(std::string_view bytes) {
    return fmt::format("{}:{:016x}", bytes.size(), hash_of(bytes));
}

std::string digest_of_file(int fd) {
    struct stat stat {};
    if (::fstat(fd, &stat) != 0) return fmt::format("!fstat: {}", ::strerror(errno));
    const off_t position = ::lseek(fd, 0, SEEK_CUR);
    const std::string by_data = digest_by_data(fd, stat.st_size);
    ::lseek(fd, position, SEEK_SET);
    if (stat.st_size > whole_read_max) return by_data;
    ContentDigest whole;
    if (!add_range(whole, fd, 0, stat.st_size, stat.st_size))
        return fmt::format("!read: {}", ::strerror(errno));
    if (by_data == whole.text()) return by_data;
    return fmt::format("!by data {}, by reading {}", by_data, whole.text());
}

std::string description_of(const std::string& path, const struct stat& stat) {
    std::string text = fmt::format("{:o} links {} of {}:{}", stat.st_mode, stat.st_nlink,
                                   stat.st_uid, stat.st_gid);
    if (!S_ISDIR(stat.st_mode)) text += fmt::format(" size {}", stat.st_size);
    if (S_ISCHR(stat.st_mode) || S_ISBLK(stat.st_mode))
        text += fmt::format(" device {:x}", stat.st_rdev);
    if (stat.st_mtim.tv_sec < long_ago)
        text += fmt::format(" modified {}.{:09}", stat.st_mtim.tv_sec, stat.st_mtim.tv_nsec);
    return text + content_of(path, stat) + xattrs_of(path);
}

std::map<std::string, std::string> description_of_tree(const std::string& top) {
    TreeDescription description(top);
    struct stat stat {};
    if (::lstat(top.c_str(), &stat) == 0) description.told[""] = description_of(top, stat);
    return std::move(description.told);
}

}  // namespace yore::test
