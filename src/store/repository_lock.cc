// SPDX-License-Identifier: Apache-2.0
//
// A lock of the open file description (fcntl, F_OFD_*), not flock: it can be asked about without
// being taken, so that a look at the owner never makes another process's attempt fail.
#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/base/log.h>
#include <yore/store/repository.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

namespace yore::store {
namespace {

constexpr std::size_t owner_line_bytes_max = 64u << 10;

struct flock whole_file(short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    return lock;
}

/// False: somebody else holds one that excludes it.
bool try_lock(int fd, short type, const std::string& path) {
    struct flock lock = whole_file(type);
    if (::fcntl(fd, F_OFD_SETLK, &lock) == 0) return true;
    if (errno == EAGAIN || errno == EACCES) return false;
    if (errno == ENOLCK || errno == EOPNOTSUPP || errno == ENOSYS) {
        throw Error(Errc::unsupported, fmt::format("lock {}: the file system has no locks", path),
                    {"two processes writing to one repository would destroy it: keep it on a file "
                     "system with locks"});
    }
    throw system_error("lock", path, errno);
}

Bytes owner_line(const Owner& owner) {
    const nlohmann::json line = {
        {"pid", owner.pid}, {"command", owner.command}, {"since", to_rfc3339(owner.since)}};
    const std::string text =
        line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
    return to_bytes(as_bytes(text));
}

std::optional<Owner> parse_owner(ByteView line) {
    const auto json = nlohmann::json::parse(as_text(line), nullptr, false);
    if (!json.is_object()) return std::nullopt;
    const auto pid = json.find("pid"), command = json.find("command"), since = json.find("since");
    if (pid == json.end() || !pid->is_number_integer()) return std::nullopt;
    if (command == json.end() || !command->is_string()) return std::nullopt;
    if (since == json.end() || !since->is_string()) return std::nullopt;
    const auto time = parse_time(since->get<std::string>(), {});
    return Owner{pid->get<int>(), command->get<std::string>(), time.value_or(Timestamp{})};
}

/// Absent: no descriptor.
Fd open_if_there(const std::string& path) {
    try {
        return open_file(path, O_RDONLY);
    } catch (const Error& error) {
        if (error.code() == Errc::not_found) return {};
        throw;
    }
}

}  // namespace

std::optional<RepositoryLock> RepositoryLock::try_take(const std::string& repository,
                                                       const Owner& self) {
    check_repository(repository);
    const std::string path = repository + "/lock";
    Fd fd;
    try {
        fd = open_file(path, O_RDWR | O_CREAT, 0600);
    } catch (const Error& error) {
        if (error.code() != Errc::read_only && error.code() != Errc::denied) throw;
        Fd shared = open_if_there(path);
        if (shared && !try_lock(shared.get(), F_RDLCK, path)) return std::nullopt;
        return RepositoryLock(std::move(shared), true);
    }
    if (!try_lock(fd.get(), F_WRLCK, path)) return std::nullopt;
    if (::ftruncate(fd.get(), 0) != 0) throw system_error("truncate", path, errno);
    try {
        write_at(fd.get(), 0, owner_line(self));
    } catch (const Error& error) {
        if (error.code() != Errc::no_space) throw;
        log_warning("{}; who holds the lock is not written down", error.what());
    }
    return RepositoryLock(std::move(fd), false);
}

RepositoryLock::~RepositoryLock() {
    // Nobody reads a name of who is gone. A crash leaves it, but no lock.
    if (fd_ && !shared_ && ::ftruncate(fd_.get(), 0) != 0) return;
}

std::optional<Owner> RepositoryLock::owner_of(const std::string& repository) {
    const std::string path = repository + "/lock";
    for (int attempt = 0; attempt < 20; ++attempt) {
        Fd fd = open_if_there(path);
        if (!fd) return std::nullopt;
        struct flock lock = whole_file(F_RDLCK);
        if (::fcntl(fd.get(), F_OFD_GETLK, &lock) != 0) throw system_error("ask", path, errno);
        if (lock.l_type == F_UNLCK) return std::nullopt;
        Buffer line(owner_line_bytes_max);
        line.resize_within(read_at(fd.get(), 0, line.span()));
        if (auto owner = parse_owner(line)) return owner;
        // It has locked, and writes its name in this moment.
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return Owner{0, "a process that does not say its name", {}};
}

}  // namespace yore::store
