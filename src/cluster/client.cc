// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/fd.h>
#include <yore/base/file.h>
#include <yore/base/process.h>
#include <yore/cluster/client.h>
#include <yore/cluster/programs.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cluster/user.h"

namespace yore::cluster {
namespace {

constexpr int look_for_stop_ms = 100;
constexpr std::size_t piece_bytes = 64u << 10;
constexpr std::size_t complaint_bytes_max = 4000;

struct Pipe {
    Pipe() {
        int ends[2] = {-1, -1};
        if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error("make", "a pipe", errno);
        read_end = Fd(ends[0]);
        write_end = Fd(ends[1]);
    }
    Fd read_end, write_end;
};

/// Ended, if it was not, with its owner.
class Child {
  public:
    explicit Child(pid_t process) : process_(process) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (process_ == 0) return;
        ::kill(process_, SIGTERM);
        wait_for_program(process_);
    }
    int wait() {
        const int status = wait_for_program(std::exchange(process_, 0));
        return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    }

  private:
    pid_t process_;
};

/// One piece; the end: false.
bool pass_on(int fd, Bytes& piece, const std::function<void(ByteView)>& take) {
    piece.resize(piece_bytes);
    const ssize_t got = ::read(fd, piece.data(), piece.size());
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
    if (got <= 0) return false;
    piece.resize(static_cast<std::size_t>(got));
    if (take) take(piece);
    return true;
}

void pass_all_on(const ClientCall& call, Fd& output, Fd& errors, std::string& complaints,
                 const std::stop_token& stop) {
    Bytes piece;
    const auto keep = [&](ByteView said) {
        if (complaints.size() < complaint_bytes_max) complaints += as_text(said);
    };
    while (output || errors) {
        if (stop.stop_requested()) throw Error(Errc::cancelled, "stopped");
        std::array<pollfd, 2> wanted{{{output.get(), POLLIN, 0}, {errors.get(), POLLIN, 0}}};
        if (::poll(wanted.data(), wanted.size(), look_for_stop_ms) <= 0) continue;
        if (wanted[0].revents != 0 && !pass_on(output.get(), piece, call.output)) output = Fd();
        if (wanted[1].revents != 0 && !pass_on(errors.get(), piece, keep)) errors = Fd();
    }
}

/// Without the lines that only point at a column of the one above.
std::string one_line(std::string_view text) {
    std::string line;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        const auto part = text.substr(0, end);
        if (part.find_first_not_of(" ^") != part.npos) {
            if (!line.empty()) line += "; ";
            line += part;
        }
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return line;
}

}  // namespace

ClientEnd run_client(const ServerAccess& access, const ClientCall& call,
                     const std::stop_token& stop) {
    const auto path = find_client_program(access.programs, call.program);
    std::vector<std::string> words{
        call.program, "-h",       access.socket_directory, "-p", std::to_string(access.port),
        "-U",         access.role};
    words.insert(words.end(), call.words.begin(), call.words.end());
    std::vector<std::string> given{"PGSSLMODE=disable", "PGCONNECT_TIMEOUT=30"};
    for (const auto& [name, value] : call.variables) given.push_back(name + "=" + value);
    auto variables = kept_environment();
    for (std::string& variable : given) variables.insert(variables.begin(), variable.data());
    Pipe output, errors;
    const Fd nothing = open_file("/dev/null", O_RDONLY);
    Child child(spawn_program(path, words,
                              {nothing.get(), output.write_end.get(), errors.write_end.get()},
                              variables.data()));
    output.write_end = Fd();
    errors.write_end = Fd();
    std::string complaints;
    pass_all_on(call, output.read_end, errors.read_end, complaints, stop);
    const int status = child.wait();
    return {status, one_line(complaints)};
}

std::vector<std::string> query_rows(const ServerAccess& access, const std::string& database,
                                    const std::string& query, const std::stop_token& stop) {
    std::string output;
    const auto end =
        run_client(access,
                   {"psql",
                    {"-X", "-w", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-c", query},
                    {{"PGDATABASE", database}},
                    [&](ByteView piece) { output += as_text(piece); }},
                   stop);
    if (end.status != 0)
        throw Error(Errc::io, fmt::format("database {}: {}", database, end.complaints));
    std::vector<std::string> rows;
    std::string_view rest = output;
    while (!rest.empty()) {
        const auto line_end = std::min(rest.find('\n'), rest.size());
        rows.emplace_back(rest.substr(0, line_end));
        rest.remove_prefix(std::min(line_end + 1, rest.size()));
    }
    return rows;
}

std::string find_superuser(const ServerAccess& access, const std::vector<std::string>& known,
                           const std::stop_token& stop) {
    constexpr const char* query = "select rolname from pg_roles where oid = 10";
    std::string said;
    for (const std::string& role : known) {
        if (role.empty()) continue;
        ServerAccess as = access;
        as.role = role;
        try {
            if (auto rows = query_rows(as, "template1", query, stop); rows.size() == 1)
                return std::move(rows.front());
        } catch (const Error& error) {
            if (error.code() != Errc::io) throw;
            said = error.what();
        }
    }
    throw Error(Errc::not_found, fmt::format("no role to log in as was found: {}", said),
                {"`--role NAME` names one that the cluster has"});
}

}  // namespace yore::cluster
