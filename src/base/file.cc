// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/file.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <limits>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace yore {
namespace {

/// The path that the kernel knows for a descriptor; for messages.
std::string path_of(int fd) {
    std::array<char, 4096> target{};
    auto link = fmt::format("/proc/self/fd/{}", fd);
    ssize_t length = ::readlink(link.c_str(), target.data(), target.size());
    if (length <= 0) return fmt::format("descriptor {}", fd);
    return {target.data(), static_cast<std::size_t>(length)};
}

std::string parent_of(const std::string& path) {
    auto end = path.find_last_not_of('/');
    if (end == std::string::npos) return path.empty() ? "." : "/";
    auto slash = path.rfind('/', end);
    if (slash == std::string::npos) return ".";
    auto last = path.find_last_not_of('/', slash);
    return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

off_t to_offset(std::uint64_t offset) {
    YORE_ENSURE(offset <= static_cast<std::uint64_t>(std::numeric_limits<off_t>::max()));
    return static_cast<off_t>(offset);
}

template <typename Call>
auto retry_on_interrupt(Call&& call) {
    auto result = call();
    while (result < 0 && errno == EINTR) result = call();
    return result;
}

constexpr std::string_view temporary_prefix = ".yore-";
constexpr std::string_view temporary_pattern = "XXXXXX";

/// As mkostemp fills the pattern in.
bool is_temporary_name(std::string_view name) {
    if (!name.starts_with(temporary_prefix)) return false;
    name.remove_prefix(temporary_prefix.size());
    return name.size() == temporary_pattern.size() && std::ranges::all_of(name, [](char c) {
               return std::isalnum(static_cast<unsigned char>(c)) != 0;
           });
}

/// A file that is removed unless it was renamed into place.
class TemporaryFile {
  public:
    explicit TemporaryFile(const std::string& directory)
        : path_(fmt::format("{}/{}{}", directory, temporary_prefix, temporary_pattern)) {
        fd_ = Fd(::mkostemp(path_.data(), O_CLOEXEC));
        if (!fd_) throw system_error("create a file in", directory, errno);
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() {
        if (!path_.empty()) ::unlink(path_.c_str());
    }
    int fd() const { return fd_.get(); }
    void rename_to(const std::string& path) {
        if (::rename(path_.c_str(), path.c_str()) != 0) throw system_error("replace", path, errno);
        path_.clear();
    }

  private:
    std::string path_;
    Fd fd_;
};

bool is_directory(const std::string& path) {
    struct stat status {};
    return ::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode);
}

}  // namespace

Fd open_file(const std::string& path, int flags, unsigned mode) {
    Fd fd(retry_on_interrupt([&] { return ::open(path.c_str(), flags | O_CLOEXEC, mode); }));
    if (!fd) throw system_error("open", path, errno);
    return fd;
}

std::optional<Bytes> read_file(const std::string& path, std::size_t bytes_max) {
    Fd fd(retry_on_interrupt([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); }));
    if (!fd && errno == ENOENT) return std::nullopt;
    if (!fd) throw system_error("open", path, errno);
    Bytes content;
    std::array<std::byte, 65536> piece;
    for (;;) {
        ssize_t got =
            retry_on_interrupt([&] { return ::read(fd.get(), piece.data(), piece.size()); });
        if (got < 0) throw system_error("read", path, errno);
        if (got == 0) return content;
        auto end = piece.begin() + got;
        if (static_cast<std::size_t>(got) > bytes_max - content.size()) {
            throw Error(Errc::corrupt, fmt::format("read {}: more than {} bytes", path, bytes_max));
        }
        content.insert(content.end(), piece.begin(), end);
    }
}

void replace_file(const std::string& path, ByteView content, unsigned mode) {
    std::string directory = parent_of(path);
    TemporaryFile temporary(directory);
    doing([&] { return fmt::format("replace {}", path); },
          [&] { write_all(temporary.fd(), content); });
    if (::fchmod(temporary.fd(), mode) != 0) throw system_error("set the mode of", path, errno);
    sync_file(temporary.fd(), path);
    temporary.rename_to(path);
    sync_directory(directory);
}

std::size_t remove_interrupted_replacements(const std::string& directory) {
    std::vector<std::string> left;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        const bool is_file = entry.symlink_status().type() == std::filesystem::file_type::regular;
        if (is_file && is_temporary_name(entry.path().filename().native()))
            left.push_back(entry.path());
    }
    for (const std::string& path : left)
        if (::unlink(path.c_str()) != 0) throw system_error("remove", path, errno);
    return left.size();
}

std::size_t read_at(int fd, std::uint64_t offset, MutableBytes into) {
    std::size_t done = 0;
    while (done < into.size()) {
        ssize_t got = retry_on_interrupt([&] {
            return ::pread(fd, into.data() + done, into.size() - done, to_offset(offset + done));
        });
        if (got < 0) throw system_error("read", path_of(fd), errno);
        if (got == 0) break;
        done += static_cast<std::size_t>(got);
    }
    return done;
}

void write_all(int fd, ByteView content) {
    while (!content.empty()) {
        ssize_t put =
            retry_on_interrupt([&] { return ::write(fd, content.data(), content.size()); });
        if (put < 0) throw system_error("write", path_of(fd), errno);
        content = content.subspan(static_cast<std::size_t>(put));
    }
}

void write_at(int fd, std::uint64_t offset, ByteView content) {
    while (!content.empty()) {
        ssize_t put = retry_on_interrupt(
            [&] { return ::pwrite(fd, content.data(), content.size(), to_offset(offset)); });
        if (put < 0) throw system_error("write", path_of(fd), errno);
        offset += static_cast<std::uint64_t>(put);
        content = content.subspan(static_cast<std::size_t>(put));
    }
}

// A failed fsync is never tried again: the kernel has dropped the dirty pages by then, and a second
// call would report success for data that is gone.
void sync_file(int fd, std::string_view path) {
    if (::fsync(fd) != 0) throw system_error("sync", path, errno);
}

void sync_directory(const std::string& path) {
    Fd fd = open_file(path, O_RDONLY | O_DIRECTORY);
    sync_file(fd.get(), path);
}

bool make_directories(const std::string& path, unsigned mode) {
    if (is_directory(path)) return false;
    std::string parent = parent_of(path);
    if (parent != path && !is_directory(parent)) make_directories(parent, mode);
    if (::mkdir(path.c_str(), mode) != 0) {
        int error_number = errno;
        if (error_number == EEXIST && is_directory(path)) return false;
        throw system_error("make directory", path, error_number);
    }
    sync_directory(parent);
    return true;
}

}  // namespace yore
