// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/fd.h>
#include <yore/base/file.h>
#include <yore/base/process.h>
#include <yore/server/cluster_start.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
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

#include "server/cluster_needs.h"

namespace yore::server {
namespace {

constexpr auto look_interval = std::chrono::milliseconds(50);
constexpr std::size_t log_tail_bytes = 2000;

struct User {
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups;  ///< empty: as they are
    std::string name;           ///< root's choice; empty: who runs this
};

/// What a server may know of where it was started: nothing that is secret.
constexpr std::string_view kept_environment[] = {"PATH", "LANG", "LANGUAGE", "TZ", "LC_"};

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
    User user{status.st_uid, status.st_gid, {}, {}};
    if (::geteuid() != 0) return user;
    const passwd* entry = ::getpwuid(status.st_uid);
    if (entry == nullptr)
        throw Error(
            Errc::invalid,
            fmt::format("{} belongs to user {}, who is not known here", directory, status.st_uid),
            {"`chown -R postgres: DIR`, then start it with pg_ctl"});
    // The directory's group is what a backup says; the user's groups are this machine's.
    user.gid = entry->pw_gid;
    user.name = entry->pw_name;
    int count = 0;
    ::getgrouplist(entry->pw_name, user.gid, nullptr, &count);
    user.groups.resize(static_cast<std::size_t>(count));
    ::getgrouplist(entry->pw_name, user.gid, user.groups.data(), &count);
    return user;
}

/// Where packages put a version's programs, then PATH.
std::string find_programs(const ClusterStart& start) {
    std::vector<std::string> places{start.programs};
    std::string version = text_of(start.directory + "/PG_VERSION");
    version.resize(version.find_last_not_of(" \n") + 1);
    if (version.empty() || version.find_first_not_of("0123456789.") != version.npos)
        throw Error(Errc::corrupt, fmt::format("{}/PG_VERSION: no version", start.directory));
    if (start.programs.empty()) {
        places = {fmt::format("/usr/lib/postgresql/{}/bin", version),
                  fmt::format("/usr/pgsql-{}/bin", version)};
        for (std::string& directory : path_directories()) places.push_back(std::move(directory));
    }
    for (const std::string& place : places)
        if (place.starts_with('/') && ::access((place + "/postgres").c_str(), X_OK) == 0)
            return place;
    throw Error(Errc::not_found, fmt::format("there is no server of PostgreSQL {} here", version),
                {"`--bindir DIR` names where its `postgres` is"});
}

/// As execve wants it; points into what is there.
std::vector<char*> environment() {
    std::vector<char*> kept;
    for (char** variable = environ; *variable != nullptr; ++variable)
        for (const std::string_view name : kept_environment) {
            const std::string_view text = *variable;
            if (text.starts_with(name) && (name.ends_with('_') || text[name.size()] == '='))
                kept.push_back(*variable);
        }
    kept.push_back(nullptr);
    return kept;
}

/// The directory belongs to the server's user already, who may have put anything there.
Fd open_log(const std::string& path, const User& user) {
    Fd log(::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC,
                  0600));
    struct stat status {};
    if (!log || ::fstat(log.get(), &status) != 0) throw system_error("open", path, errno);
    if (!S_ISREG(status.st_mode) || status.st_nlink != 1)
        throw Error(Errc::invalid, fmt::format("{} is no file of its own", path));
    if (::geteuid() == 0 && ::fchown(log.get(), user.uid, user.gid) != 0)
        throw system_error("chown", path, errno);
    return log;
}

/// In the child: only what may be called between fork and exec.
[[noreturn]] void become_server(const User& user, int log, const char* directory,
                                char* const* arguments, char* const* variables) {
    const bool is_root = ::geteuid() == 0;
    const bool is_right = ::setsid() != -1 && ::chdir(directory) == 0 &&
                          (!is_root || (::setgroups(user.groups.size(), user.groups.data()) == 0 &&
                                        ::setgid(user.gid) == 0 && ::setuid(user.uid) == 0));
    const int nothing = ::open("/dev/null", O_RDONLY);
    if (is_right && nothing >= 0 && ::dup2(nothing, 0) == 0 && ::dup2(log, 1) == 1 &&
        ::dup2(log, 2) == 2) {
        ::close_range(3, ~0u, 0);
        ::execve(arguments[0], arguments, variables);
    }
    ::_exit(127);
}

pid_t run_server(const ClusterStart& start, const User& user, const std::string& programs,
                 const Fd& log) {
    std::vector<std::string> words{programs + "/postgres",     "-D", start.directory,        "-p",
                                   std::to_string(start.port), "-k", start.directory,        "-c",
                                   "listen_addresses=",        "-c", "logging_collector=off"};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const auto variables = environment();
    const pid_t child = ::fork();
    if (child < 0) throw system_error("fork", "", errno);
    if (child == 0)
        become_server(user, log.get(), start.directory.c_str(), arguments.data(), variables.data());
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

Error ended(const std::string& log_path, const Fd& log, std::vector<std::string> hints) {
    const off_t size = std::max<off_t>(::lseek(log.get(), 0, SEEK_END), 0);
    const auto begin = std::max<off_t>(size - off_t{log_tail_bytes}, 0);
    std::string tail(static_cast<std::size_t>(size - begin), '\0');
    const ssize_t got = ::pread(log.get(), tail.data(), tail.size(), begin);
    tail.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return Error(
        Errc::io,
        fmt::format("the server did not start; its log, {}, ends with\n{}", log_path, tail),
        std::move(hints));
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

StartedCluster start_cluster(const ClusterStart& start, const std::stop_token& stop) {
    const User user = owner_of(start.directory);
    const std::string programs = find_programs(start);
    const std::string as_owner = user.name.empty() ? "" : fmt::format("sudo -u {} ", user.name);
    StartedCluster started{
        start.directory + "/yore-start.log",
        fmt::format("{}psql -h {} -p {} postgres", as_owner, start.directory, start.port),
        fmt::format("{}{}/pg_ctl -D {} stop", as_owner, programs, start.directory),
        missing_libraries(start.needs.libraries, programs)};
    const Fd log = open_log(started.log, user);
    const pid_t server = run_server(start, user, programs, log);
    while (!is_ready(start.directory, server)) {
        int status = 0;
        if (::waitpid(server, &status, WNOHANG) == server)
            throw ended(started.log, log, std::move(started.warnings));
        if (stop.stop_requested())
            throw Error(
                Errc::cancelled, "interrupted; the server goes on recovering",
                {fmt::format("its log is {}; `{}` stops it", started.log, started.stop_command)});
        std::this_thread::sleep_for(look_interval);
    }
    for (std::string& other : other_collations(start.needs.collations, server))
        started.warnings.push_back(std::move(other));
    return started;
}

}  // namespace yore::server
