// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/fd.h>
#include <yore/base/file.h>
#include <yore/server/cluster_start.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

namespace yore::server {
namespace {

constexpr auto look_interval = std::chrono::milliseconds(50);
constexpr std::size_t log_tail_bytes = 2000;

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  ///< empty: as they are
};

std::string text_of(const std::string& path) {
    const auto bytes = read_file(path);
    return bytes ? std::string(as_text(*bytes)) : std::string();
}

/// The directory's owner. Who is not root can only be that one already.
User owner_of(const std::string& directory) {
    struct stat status {};
    if (::stat(directory.c_str(), &status) != 0) throw system_error("stat", directory, errno);
    if (status.st_uid == 0)
        throw Error(Errc::invalid,
                    fmt::format("{} belongs to root, and no server runs as root", directory),
                    {"`chown -R postgres: DIR`, then start it with pg_ctl"});
    if (::geteuid() != 0 && ::geteuid() != status.st_uid)
        throw Error(Errc::invalid, fmt::format("{} belongs to somebody else", directory),
                    {"a server is started by the owner of its data directory, or by root"});
    User user{status.st_uid, status.st_gid, {}};
    const passwd* entry = ::geteuid() == 0 ? ::getpwuid(status.st_uid) : nullptr;
    if (entry == nullptr) return user;
    int count = 0;
    ::getgrouplist(entry->pw_name, status.st_gid, nullptr, &count);
    user.groups.resize(static_cast<std::size_t>(count));
    ::getgrouplist(entry->pw_name, status.st_gid, user.groups.data(), &count);
    return user;
}

/// Where packages put a version's programs, then PATH.
std::string find_programs(const ClusterStart& start) {
    std::vector<std::string> places{start.programs};
    std::string version = text_of(start.directory + "/PG_VERSION");
    version.resize(version.find_last_not_of(" \n") + 1);
    if (start.programs.empty()) {
        places = {fmt::format("/usr/lib/postgresql/{}/bin", version),
                  fmt::format("/usr/pgsql-{}/bin", version)};
        std::string_view path = std::getenv("PATH") != nullptr ? std::getenv("PATH") : "";
        while (!path.empty()) {
            const auto colon = std::min(path.find(':'), path.size());
            places.emplace_back(path.substr(0, colon));
            path.remove_prefix(std::min(colon + 1, path.size()));
        }
    }
    for (const std::string& place : places)
        if (::access((place + "/postgres").c_str(), X_OK) == 0) return place;
    throw Error(Errc::not_found, fmt::format("there is no server of PostgreSQL {} here", version),
                {"`--bindir DIR` names where its `postgres` is"});
}

/// In the child: only what may be called between fork and exec.
[[noreturn]] void become_server(const User& user, int log, const char* directory,
                                char* const* arguments) {
    const bool is_root = ::geteuid() == 0;
    const bool is_right = ::setsid() != -1 && ::chdir(directory) == 0 &&
                          (!is_root || (::setgroups(user.groups.size(), user.groups.data()) == 0 &&
                                        ::setgid(user.gid) == 0 && ::setuid(user.uid) == 0));
    const int nothing = ::open("/dev/null", O_RDONLY);
    if (is_right && nothing >= 0 && ::dup2(nothing, 0) == 0 && ::dup2(log, 1) == 1 &&
        ::dup2(log, 2) == 2) {
        ::close_range(3, ~0u, 0);
        ::execv(arguments[0], arguments);
    }
    ::_exit(127);
}

pid_t run_server(const ClusterStart& start, const std::string& log_path) {
    const User user = owner_of(start.directory);
    std::vector<std::string> words{find_programs(start) + "/postgres",
                                   "-D",
                                   start.directory,
                                   "-p",
                                   std::to_string(start.port),
                                   "-k",
                                   start.directory,
                                   "-c",
                                   "listen_addresses=",
                                   "-c",
                                   "logging_collector=off"};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const Fd log(
        ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!log) throw system_error("open", log_path, errno);
    if (::geteuid() == 0 && ::fchown(log.get(), user.uid, user.gid) != 0)
        throw system_error("chown", log_path, errno);
    const pid_t child = ::fork();
    if (child < 0) throw system_error("fork", "", errno);
    if (child == 0) become_server(user, log.get(), start.directory.c_str(), arguments.data());
    return child;
}

/// Line 8 of postmaster.pid, as pg_ctl reads it (src/include/utils/pidfile.h).
bool is_ready(const std::string& directory, pid_t server) {
    const std::string text = text_of(directory + "/postmaster.pid");
    std::string_view rest = text;
    if (!rest.starts_with(std::to_string(server) + "\n")) return false;
    for (int line = 1; line < 8; ++line) {
        const auto end = rest.find('\n');
        if (end == rest.npos) return false;
        rest.remove_prefix(end + 1);
    }
    return rest.starts_with("ready");
}

Error ended(const std::string& log_path) {
    std::string log = text_of(log_path);
    if (log.size() > log_tail_bytes) log.erase(0, log.size() - log_tail_bytes);
    return Error(Errc::io, fmt::format("the server did not start; its log, {}, ends with\n{}",
                                       log_path, log));
}

}  // namespace

void check_cluster_start(const ClusterStart& start) {
    const std::string path = fmt::format("{}/.s.PGSQL.{}", start.directory, start.port);
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        throw Error(Errc::invalid,
                    fmt::format("{} is too long for a socket in it", start.directory),
                    {"restore to a shorter path, or start the server yourself: `pg_ctl -D DIR -o "
                     "'-k /tmp' start`"});
}

StartedCluster start_cluster(const ClusterStart& start) {
    const std::string log = start.directory + "/yore-start.log";
    const pid_t server = run_server(start, log);
    while (!is_ready(start.directory, server)) {
        int status = 0;
        if (::waitpid(server, &status, WNOHANG) == server) throw ended(log);
        std::this_thread::sleep_for(look_interval);
    }
    const passwd* owner = ::geteuid() == 0 ? ::getpwuid(owner_of(start.directory).uid) : nullptr;
    const std::string as_owner = owner != nullptr ? fmt::format("sudo -u {} ", owner->pw_name) : "";
    const std::string programs = find_programs(start);
    return {log, fmt::format("{}psql -h {} -p {} postgres", as_owner, start.directory, start.port),
            fmt::format("{}{}/pg_ctl -D {} stop", as_owner, programs, start.directory)};
}

}  // namespace yore::server
