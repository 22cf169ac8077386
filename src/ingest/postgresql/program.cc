// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/program.h"

#include <yore/base/error.h>
#include <yore/base/fd.h>
#include <yore/base/file.h>
#include <yore/base/path.h>
#include <yore/base/process.h>
#include <yore/cluster/programs.h>

#include <cerrno>
#include <csignal>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace yore::ingest {
namespace {

constexpr int newest_version = 18;
constexpr int look_for_stop_ms = 100;
constexpr std::size_t complaint_bytes_max = 2000;

std::vector<std::string> places_of(int server_version) {
    std::vector<std::string> places;
    for (int version = server_version / 10'000; version <= newest_version; ++version) {
        for (std::string& place : cluster::package_directories(std::to_string(version)))
            places.push_back(std::move(place));
    }
    for (std::string& directory : path_directories()) places.push_back(std::move(directory));
    return places;
}

/// A child whose standard error is read from `complaints`. Ended, if it was not, with its owner.
class Child {
  public:
    explicit Child(const std::vector<std::string>& words) {
        int ends[2] = {-1, -1};
        if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error("make", "a pipe", errno);
        complaints = Fd(ends[0]);
        const Fd write_end(ends[1]);
        const Fd nothing = open_file("/dev/null", O_RDWR);
        pid_ = spawn_program(words.front(), words, {nothing.get(), nothing.get(), write_end.get()});
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGTERM);
        wait();
    }

    int wait() { return wait_for_program(std::exchange(pid_, 0)); }

    Fd complaints;

  private:
    pid_t pid_ = 0;
};

/// To its end; of more than is told of them the last.
std::string read_complaints(int fd, const std::stop_token& stop) {
    std::string complaints;
    for (;;) {
        if (stop.stop_requested()) throw Error(Errc::cancelled, "stopped");
        pollfd wanted{fd, POLLIN, 0};
        if (::poll(&wanted, 1, look_for_stop_ms) <= 0) continue;
        char piece[1024];
        const ssize_t count = ::read(fd, piece, sizeof piece);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return complaints;
        complaints.append(piece, static_cast<std::size_t>(count));
        if (complaints.size() > complaint_bytes_max)
            complaints.erase(0, complaints.size() - complaint_bytes_max);
    }
}

}  // namespace

std::string find_postgresql_programs(const std::string& given, const std::string& name,
                                     int server_version) {
    const auto places = given.empty() ? places_of(server_version) : std::vector{given};
    for (const std::string& place : places)
        if (place.starts_with('/') && ::access(join_path(place, name).c_str(), X_OK) == 0)
            return place;
    throw Error(
        Errc::not_found,
        given.empty() ? fmt::format("there is no {} here", name)
                      : fmt::format("there is no {} in {}", name, given),
        {fmt::format("install postgresql-client of version {} or later, or name with --bindir DIR "
                     "where it is",
                     server_version / 10'000)});
}

void run_program(const std::vector<std::string>& words, const std::stop_token& stop) {
    Child child(words);
    std::string complaints = read_complaints(child.complaints.get(), stop);
    const int status = child.wait();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    while (complaints.ends_with('\n')) complaints.pop_back();
    throw Error(Errc::io,
                complaints.empty() ? fmt::format("{} failed", words.front()) : complaints);
}

}  // namespace yore::ingest
