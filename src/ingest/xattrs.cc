// SPDX-License-Identifier: Apache-2.0
#include "ingest/xattrs.h"

#include <yore/tree/uncertain.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>
#include <sys/xattr.h>

namespace yore::ingest {
namespace {

constexpr std::size_t system_bytes_max = 64u << 10;  // XATTR_LIST_MAX and XATTR_SIZE_MAX
constexpr std::size_t total_bytes_max = 1u << 20;    // of one file, without values that are chunks

bool has_none(int error) {
    return error == ENOTSUP || error == ENOSYS;
}
/// Answers of attributes that are listed but not there for us, or not any more.
bool is_absent(int error) {
    return error == ENODATA || error == ENOTSUP;
}

}  // namespace

XattrReader::XattrReader(StoreChunk store_chunk)
    : store_chunk_(std::move(store_chunk)), names_(system_bytes_max), value_(system_bytes_max) {}

std::vector<tree::Xattr> XattrReader::read(int fd, const Failed& failed) {
    const ssize_t length = ::flistxattr(fd, names_.data(), names_.size());
    if (length == 0) return {};  // nearly always
    if (length < 0) {
        if (!has_none(errno)) failed({}, errno);
        return {};
    }
    const auto get = [fd](const char* name, void* value, std::size_t size) {
        return ::fgetxattr(fd, name, value, size);
    };
    return read_values({names_.data(), static_cast<std::size_t>(length)}, get, failed);
}

std::vector<tree::Xattr> XattrReader::read_place(int path_fd, const Failed& failed) {
    // The link under /proc leads to the file itself, also when that is a symbolic link.
    const std::string path = fmt::format("/proc/self/fd/{}", path_fd);
    const ssize_t length = ::listxattr(path.c_str(), names_.data(), names_.size());
    if (length < 0) {
        if (!has_none(errno)) failed({}, errno);
        return {};
    }
    const auto get = [&](const char* name, void* value, std::size_t size) {
        return ::getxattr(path.c_str(), name, value, size);
    };
    return read_values({names_.data(), static_cast<std::size_t>(length)}, get, failed);
}

std::vector<tree::Xattr> XattrReader::read_values(std::string_view names, const Get& get,
                                                  const Failed& failed) {
    std::vector<tree::Xattr> xattrs;
    std::size_t total = 0;
    while (!names.empty()) {
        const std::string name(names.substr(0, names.find('\0')));
        names.remove_prefix(std::min(names.size(), name.size() + 1));
        if (name == tree::uncertain_mark) continue;  // ours to give
        const ssize_t length = get(name.c_str(), value_.data(), value_.size());
        if (length < 0) {
            if (!is_absent(errno)) failed(name, errno);
            continue;
        }
        const ByteView value = ByteView(value_).first(static_cast<std::size_t>(length));
        tree::Xattr xattr{name, {}, {}, 0};
        total += name.size() + std::min(value.size(), inline_bytes_max);
        if (total > total_bytes_max) {
            failed(name, E2BIG);
            break;
        }
        if (value.size() > inline_bytes_max) {
            xattr.chunk = store_chunk_(value);
            xattr.size = static_cast<std::uint32_t>(value.size());
        } else {
            xattr.value = to_bytes(value);
        }
        xattrs.push_back(std::move(xattr));
    }
    std::ranges::sort(xattrs, {}, &tree::Xattr::name);
    return xattrs;
}

}  // namespace yore::ingest
