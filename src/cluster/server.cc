// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/fd.h>
#include <yore/base/file.h>
#include <yore/base/log.h>
#include <yore/base/path.h>
#include <yore/cluster/needs.h>
#include <yore/cluster/programs.h>
#include <yore/cluster/server.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <thread>

#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cluster/postmaster.h"
#include "cluster/tablespaces.h"

namespace yore::cluster {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto look_interval = std::chrono::milliseconds(10);
/// After which a process that was told to end is killed.
constexpr auto kill_after = std::chrono::seconds(5);
/// Who can enter the socket's directory is trusted: the server's user, and root.
constexpr std::string_view access_text = "local all all trust\n";

/// In which jiffy a process began: with its number, that names it until the next boot. Not there:
/// nullopt.
std::optional<std::uint64_t> began(pid_t process) {
    const auto bytes = read_file(fmt::format("/proc/{}/stat", process));
    if (!bytes) return std::nullopt;
    // proc(5): the name, in parentheses, may hold anything; the start is the 20th field after it.
    const std::string text(as_text(*bytes));
    auto at = text.rfind(')');
    for (int field = 0; field < 20 && at != text.npos; ++field) at = text.find(' ', at + 1);
    if (at == text.npos) return std::nullopt;
    return std::strtoull(text.c_str() + at, nullptr, 10);
}

std::string boot() {
    const auto bytes = read_file("/proc/sys/kernel/random/boot_id");
    return bytes ? std::string(as_text(*bytes).substr(0, 36)) : "";
}

void make_socket_directory(const std::string& path, const User& user) {
    std::error_code failed;
    make_directories(std::filesystem::path(path).parent_path());
    std::filesystem::remove_all(path, failed);
    if (::mkdir(path.c_str(), 0700) != 0) throw system_error("make", path, errno);
    if (::geteuid() == 0 && ::chown(path.c_str(), user.uid, user.gid) != 0)
        throw system_error("chown", path, errno);
}

}  // namespace

struct Server::State {
    explicit State(ServerOptions given)
        : options(std::move(given)),
          user(owner_of(options.data)),
          version(version_of(options.data)) {
        access = {options.socket_directory, options.port,
                  find_server_programs(options.programs, version), "", std::stoi(version)};
        check_place();
        log = open_log(options.log, user);
        warnings = missing_libraries(options.needs.libraries, access.programs);
    }

    void check_place() const;
    PrivateMounts mounts();
    std::vector<std::string> words() const;
    void begin();
    bool runs();
    void wait(Clock::time_point deadline);
    void remove_traces();

    ServerOptions options;
    User user;
    std::string version;
    ServerAccess access;
    Fd log;
    std::vector<std::string> warnings;
    std::vector<std::string> made;  ///< directories on this host, to be seen through
    pid_t process = 0;
    std::optional<int> status;  ///< it has ended
};

void Server::State::check_place() const {
    if (fmt::format("{}/.s.PGSQL.{}", options.socket_directory, options.port).size() >=
        sizeof(sockaddr_un::sun_path))
        throw Error(Errc::invalid,
                    fmt::format("{} is too long for a socket in it", options.socket_directory),
                    {"a shorter name of the clone, or YORE_RUNTIME_DIR, makes it shorter"});
    if (!options.tablespaces.empty() && ::geteuid() != 0)
        throw Error(Errc::denied,
                    fmt::format("the log up to this moment makes a tablespace in {}, from which "
                                "only root can keep a server away",
                                options.tablespaces.front().location),
                    {"take a moment behind a later base backup, or do this as root"});
}

PrivateMounts Server::State::mounts() {
    PrivateMounts mounts;
    if (::geteuid() != 0) return mounts;
    const auto& hidden = options.private_directory;
    if (!hidden.empty()) {
        mounts.hidden = hidden;
        for (const std::string* path : {&options.data, &options.socket_directory})
            if (is_at_or_below(*path, hidden)) mounts.keep(*path);
    }
    for (const LoggedTablespace& tablespace : options.tablespaces) {
        if (make_directories(tablespace.location)) made.push_back(tablespace.location);
        mounts.bound.push_back(
            {tablespace_directory(options.data, tablespace), tablespace.location});
    }
    return mounts;
}

std::vector<std::string> Server::State::words() const {
    std::vector<std::pair<std::string, std::string>> settings{
        {"listen_addresses", ""},
        {"unix_socket_directories", options.socket_directory},
        {"unix_socket_permissions", "0700"},
        {"hba_file", options.socket_directory + "/hba.conf"},
        {"logging_collector", "off"},
        {"log_destination", "stderr"},
    };
    settings.insert(settings.end(), options.settings.begin(), options.settings.end());
    std::vector<std::string> words{"-p", std::to_string(options.port)};
    for (const auto& [name, value] : settings) {
        words.emplace_back("-c");
        words.push_back(fmt::format("{}={}", name, value));
    }
    return words;
}

void Server::State::begin() {
    make_socket_directory(options.socket_directory, user);
    const auto rules = options.socket_directory + "/hba.conf";
    replace_file(rules, as_bytes(access_text), 0644);
    open_tablespaces(options.data, options.tablespaces, user);
    process =
        run_postmaster({access.programs + "/postgres", options.data, words(), user, log, mounts()});
    replace_file(options.process_file,
                 as_bytes(fmt::format("{} {} {}\n", process, began(process).value_or(0), boot())));
}

bool Server::State::runs() {
    if (process == 0 || status) return false;
    int ended = 0;
    if (::waitpid(process, &ended, WNOHANG) != process) return true;
    status = ended;
    remove_traces();
    return false;
}

void Server::State::wait(Clock::time_point deadline) {
    while (runs() && Clock::now() < deadline) std::this_thread::sleep_for(look_interval);
}

void Server::State::remove_traces() {
    std::error_code failed;
    close_tablespaces(options.data, options.tablespaces, user);
    std::filesystem::remove_all(options.socket_directory, failed);
    std::filesystem::remove(options.process_file, failed);
    for (const std::string& directory : made) ::rmdir(directory.c_str());
}

Server::Server(ServerOptions options) : state_(std::make_unique<State>(std::move(options))) {
    try {
        state_->begin();
    } catch (...) {
        end(End::at_once);
        state_->remove_traces();
        throw;
    }
}

Server::~Server() {
    try {
        end(End::at_once);
    } catch (const std::exception& error) {
        log_error("server of {}: {}", state_->options.data, error.what());
    }
}

void Server::wait_until_ready(const std::stop_token& stop) {
    while (!is_ready(state_->options.data, state_->process)) {
        if (!runs())
            throw Error(Errc::io,
                        fmt::format("the server did not start; its log, {}, ends with\n{}",
                                    state_->options.log, log_tail()),
                        state_->warnings);
        if (stop.stop_requested()) throw Error(Errc::cancelled, "interrupted while it recovers");
        std::this_thread::sleep_for(look_interval);
    }
    close_tablespaces(state_->options.data, state_->options.tablespaces, state_->user);
    for (std::string& other : other_collations(state_->options.needs.collations, state_->process))
        state_->warnings.push_back(std::move(other));
}

std::optional<int> Server::wait_for_end(const std::stop_token& stop) {
    while (runs()) {
        if (stop.stop_requested()) return std::nullopt;
        std::this_thread::sleep_for(look_interval);
    }
    return state_->status;
}

bool Server::runs() {
    return state_->runs();
}

bool Server::has_ended() const {
    siginfo_t ended{};
    const int waited =
        ::waitid(P_PID, static_cast<id_t>(state_->process), &ended, WEXITED | WNOHANG | WNOWAIT);
    return waited != 0 || ended.si_pid != 0;
}

void Server::end(End how, std::chrono::seconds patience) {
    if (how == End::clean && runs()) {
        ::kill(state_->process, SIGINT);
        state_->wait(Clock::now() + patience);
        if (runs()) log_warning("server of {}: it does not end by itself", state_->options.data);
    }
    if (runs()) {
        ::kill(state_->process, SIGQUIT);
        state_->wait(Clock::now() + kill_after);
    }
    if (runs()) {
        ::kill(state_->process, SIGKILL);
        state_->wait(Clock::now() + kill_after);
    }
}

pid_t Server::process() const {
    return state_->process;
}
const ServerAccess& Server::access() const {
    return state_->access;
}
const std::string& Server::log() const {
    return state_->options.log;
}
const std::vector<std::string>& Server::warnings() const {
    return state_->warnings;
}
std::string Server::log_tail() const {
    return tail_of(state_->log);
}

void end_left_server(const std::string& process_file) {
    const auto bytes = read_file(process_file, 256);
    if (!bytes) return;
    int process = 0;
    unsigned long long start = 0;
    char booted[37] = {};
    const std::string text(as_text(*bytes));
    const bool is_known =
        std::sscanf(text.c_str(), "%d %llu %36s", &process, &start, booted) == 3 && process > 1 &&
        boot() == booted;
    const auto deadline = Clock::now() + kill_after;
    while (is_known && began(process) == start && Clock::now() < deadline) {
        ::kill(process, SIGKILL);
        std::this_thread::sleep_for(look_interval);
    }
    std::error_code failed;
    std::filesystem::remove(process_file, failed);
}

}  // namespace yore::cluster
