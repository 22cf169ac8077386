// SPDX-License-Identifier: Apache-2.0
#include "cluster/postmaster.h"

#include <yore/base/error.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <string_view>

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/foreign_file.h"

namespace yore::cluster {
namespace {

constexpr std::size_t log_tail_bytes = 2000;

/// Between fork and exec, so nothing is made up.
void complain(int log, const char* what) {
    const int code = errno;
    const char* name = ::strerrorname_np(code);
    for (const char* text : {"cannot prepare ", what, ": ", name != nullptr ? name : "?", "\n"})
        if (::write(log, text, std::strlen(text)) < 0) return;
}

/// In the child: only what may be called between fork and exec.
[[noreturn]] void become_postmaster(const PostmasterStart& start, char* const* arguments,
                                    char* const* variables) {
    const int log = start.log.get();
    const auto right = [&](bool is_right, const char* what) {
        if (is_right) return;
        complain(log, what);
        ::_exit(127);
    };
    right(::setsid() != -1, "a session");
    const char* in_the_way = enter(start.mounts);
    right(in_the_way == nullptr, in_the_way);
    // What the user finds in mounts of its own must not make it another one.
    right(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "its privileges");
    right(become(start.user), "its user");
    right(::chdir(start.data.c_str()) == 0, start.data.c_str());
    const int nothing = ::open("/dev/null", O_RDONLY);
    right(nothing >= 0 && ::dup2(nothing, 0) == 0 && ::dup2(log, 1) == 1 && ::dup2(log, 2) == 2,
          "its streams");
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::close_range(3, ~0u, 0);
    ::execve(arguments[0], arguments, variables);
    complain(2, arguments[0]);
    ::_exit(127);
}

}  // namespace

pid_t run_postmaster(const PostmasterStart& start) {
    std::vector<std::string> words{start.program, "-D", start.data};
    words.insert(words.end(), start.options.begin(), start.options.end());
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const auto variables = kept_environment();
    const pid_t child = ::fork();
    if (child < 0) throw system_error("fork", "", errno);
    if (child == 0) become_postmaster(start, arguments.data(), variables.data());
    return child;
}

bool is_ready(const std::string& data, pid_t server) {
    const auto text = read_foreign_file(data + "/postmaster.pid");
    std::string_view rest = text ? std::string_view(*text) : std::string_view();
    if (!rest.starts_with(std::to_string(server) + "\n")) return false;
    for (int line = 1; line < 8; ++line) {
        const auto end = rest.find('\n');
        if (end == rest.npos) return false;
        rest.remove_prefix(end + 1);
    }
    return rest.starts_with("ready");
}

/// The directory may belong to the server's user already, who may have put anything there.
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

std::string tail_of(const Fd& log) {
    const off_t size = std::max<off_t>(::lseek(log.get(), 0, SEEK_END), 0);
    const auto begin = std::max<off_t>(size - off_t{log_tail_bytes}, 0);
    std::string tail(static_cast<std::size_t>(size - begin), '\0');
    const ssize_t got = ::pread(log.get(), tail.data(), tail.size(), begin);
    tail.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
    return tail;
}

}  // namespace yore::cluster
