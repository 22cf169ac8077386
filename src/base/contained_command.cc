// SPDX-License-Identifier: Apache-2.0
// Two processes: an init, which is the first of a process namespace where there may be one, and the
// shell below it. The kernel ends a process namespace with its first process, so that a program
// that left its session ends, too. Between clone and exec only what a handler of a signal may do is
// done: other threads may hold locks.
#include <yore/base/contained_command.h>
#include <yore/base/error.h>
#include <yore/base/fd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string_view>

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace yore {
namespace {

using SteadyClock = std::chrono::steady_clock;
constexpr auto look_interval = std::chrono::milliseconds(100);

/// What a check may know of where it was started: nothing that is secret.
constexpr std::string_view kept_variables[] = {"LANG=", "LANGUAGE=", "TZ=", "LC_"};
constexpr const char* usual_path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

struct User {
    std::string name = {}, home = "/";
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups = {};
    bool other = false;  ///< than who runs this
};

User user_of(const std::string& name) {
    const passwd* entry = name.empty() ? ::getpwuid(::geteuid()) : ::getpwnam(name.c_str());
    if (entry == nullptr && name.empty()) return {};
    if (entry == nullptr) throw Error(Errc::invalid, fmt::format("there is no user {} here", name));
    User user{entry->pw_name, entry->pw_dir, entry->pw_uid, entry->pw_gid};
    user.other = user.uid != ::geteuid();
    if (user.other && ::geteuid() != 0)
        throw Error(Errc::invalid, fmt::format("only root may run a check as user {}", name),
                    {"without a user, it runs as who runs Yore"});
    int count = 0;
    ::getgrouplist(user.name.c_str(), user.gid, nullptr, &count);
    user.groups.resize(static_cast<std::size_t>(count));
    ::getgrouplist(user.name.c_str(), user.gid, user.groups.data(), &count);
    return user;
}

std::vector<std::string> variables_of(const ContainedCommand& command, const User& user) {
    const char* path = std::getenv("PATH");
    std::vector<std::string> variables{fmt::format("PATH={}", path != nullptr ? path : usual_path),
                                       "HOME=" + user.home, "SHELL=/bin/sh",
                                       "PWD=" + command.directory};
    if (!user.name.empty()) {
        variables.push_back("USER=" + user.name);
        variables.push_back("LOGNAME=" + user.name);
    }
    for (char** variable = environ; *variable != nullptr; ++variable)
        for (const std::string_view kept : kept_variables)
            if (std::string_view(*variable).starts_with(kept)) variables.emplace_back(*variable);
    for (const auto& [name, value] : command.variables) variables.push_back(name + "=" + value);
    return variables;
}

/// As execve wants it.
std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

enum class Step : int { none, namespaces, enter, user, streams, shell };
constexpr std::array step_names{"run",
                                "make namespaces for",
                                "enter the directory of",
                                "become the user of",
                                "give descriptors to",
                                "run the shell of"};
struct StartFailure {
    Step step = Step::none;
    int error = 0;
};

/// All that the children need, made before they are.
struct Start {
    const ContainedCommand& command;
    User user;
    std::vector<std::string> words, texts;
    std::vector<char*> arguments, variables;
    std::string id_map, group_map;  ///< of a user namespace; empty: there is none
    int output = -1, failure = -1;

    explicit Start(const ContainedCommand& command_in)
        : command(command_in),
          user(user_of(command.user)),
          words{"sh", "-c", command.shell_text},
          texts(variables_of(command, user)),
          arguments(pointers(words)),
          variables(pointers(texts)) {}
};

[[noreturn]] void give_up(const Start& start, Step step) {
    const StartFailure failure{step, errno};
    const auto written = ::write(start.failure, &failure, sizeof failure);
    ::_exit(written == sizeof failure ? 126 : 125);
}

pid_t clone_process(unsigned long flags) {
    return static_cast<pid_t>(
        ::syscall(SYS_clone, flags | SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

bool write_file(const char* path, const char* text, std::size_t size) {
    const int file = ::open(path, O_WRONLY | O_CLOEXEC);
    const bool written = file >= 0 && ::write(file, text, size) == static_cast<ssize_t>(size);
    if (file >= 0) ::close(file);
    return written;
}

[[noreturn]] void become_shell(const Start& start) {
    const User& user = start.user;
    // As system calls: the C library's functions would tell threads that are not in this process.
    if (user.other && (::syscall(SYS_setgroups, user.groups.size(), user.groups.data()) != 0 ||
                       ::syscall(SYS_setresgid, user.gid, user.gid, user.gid) != 0 ||
                       ::syscall(SYS_setresuid, user.uid, user.uid, user.uid) != 0))
        give_up(start, Step::user);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (nothing < 0 || ::dup2(nothing, 0) != 0 || ::dup2(start.output, 1) != 1 ||
        ::dup2(start.output, 2) != 2)
        give_up(start, Step::streams);
    for (int signal = 1; signal < NSIG; ++signal) ::signal(signal, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    ::execve("/bin/sh", start.arguments.data(), start.variables.data());
    give_up(start, Step::shell);
}

/// All but the standard ones and these: those of other threads, which wait for their ends.
void close_others(int one, int other) {
    const auto low = static_cast<unsigned>(std::min(one, other));
    const auto high = static_cast<unsigned>(std::max(one, other));
    if (low > 3) ::close_range(3, low - 1, 0);
    if (high > low + 1) ::close_range(low + 1, high - 1, 0);
    ::close_range(high + 1, ~0u, 0);
}

[[noreturn]] void become_init(const Start& start, unsigned long namespaces) {
    close_others(start.output, start.failure);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (!start.id_map.empty() &&
        (!write_file("/proc/self/setgroups", "deny", 4) ||
         !write_file("/proc/self/uid_map", start.id_map.data(), start.id_map.size()) ||
         !write_file("/proc/self/gid_map", start.group_map.data(), start.group_map.size())))
        give_up(start, Step::namespaces);
    if (::setsid() == -1 || ::chdir(start.command.directory.c_str()) != 0)
        give_up(start, Step::enter);
    // Without a /proc of its own, programs that look for processes see those outside.
    if ((namespaces & CLONE_NEWNS) != 0 &&
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0)
        ::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
    const pid_t shell = clone_process(0);
    if (shell == 0) become_shell(start);
    if (shell < 0) give_up(start, Step::shell);
    ::close(start.failure);
    ::close(start.output);
    int status = 0;
    for (pid_t ended = 0; ended != shell;) {
        ended = ::waitpid(-1, &status, 0);
        if (ended < 0 && errno != EINTR) ::_exit(125);
    }
    ::_exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

struct Pipe {
    Fd read, write;
};

Pipe make_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw system_error("make", "a pipe", errno);
    return {Fd(ends[0]), Fd(ends[1])};
}

/// One that runs, and is ended and waited for with this.
class Running {
  public:
    explicit Running(pid_t process)
        : process_(process), handle_(static_cast<int>(::syscall(SYS_pidfd_open, process, 0))) {}
    ~Running() {
        if (process_ > 0) end();
    }
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;

    int handle() const { return handle_.get(); }
    bool has_ended() const {
        siginfo_t info{};
        return ::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) ==
                   0 &&
               info.si_pid == process_;
    }
    /// Its status, as waitpid tells it. While it is not waited for, its number is no one else's.
    int end() {
        ::kill(-process_, SIGKILL);
        ::kill(process_, SIGKILL);
        int status = 0;
        while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
        }
        process_ = -1;
        return status;
    }

  private:
    pid_t process_;
    Fd handle_;
};

/// What is asked of the kernel, and then less.
std::vector<unsigned long> namespaces_to_try() {
    constexpr unsigned long own = CLONE_NEWNS | CLONE_NEWPID;
    return {::geteuid() == 0 ? own : own | CLONE_NEWUSER, 0};
}

struct Begun {
    std::unique_ptr<Running> running;  ///< none: the kernel refused, `failure` says what
    Fd output;
    StartFailure failure;
};

Begun begin(Start& start, unsigned long namespaces) {
    auto output = make_pipe(), failures = make_pipe();
    start.output = output.write.get();
    start.failure = failures.write.get();
    start.id_map = start.group_map = "";
    if ((namespaces & CLONE_NEWUSER) != 0) {
        start.id_map = fmt::format("{0} {0} 1", ::geteuid());
        start.group_map = fmt::format("{0} {0} 1", ::getegid());
    }
    const pid_t child = clone_process(namespaces);
    if (child == 0) become_init(start, namespaces);
    if (child < 0) return {nullptr, Fd(), {Step::namespaces, errno}};
    Begun begun{std::make_unique<Running>(child), std::move(output.read), {}};
    output.write = Fd();
    failures.write = Fd();
    const auto got = ::read(failures.read.get(), &begun.failure, sizeof begun.failure);
    if (got == sizeof begun.failure) begun.running.reset();
    return begun;
}

Begun begin(Start& start) {
    Begun begun;
    for (const unsigned long namespaces : namespaces_to_try()) {
        begun = begin(start, namespaces);
        if (begun.failure.step != Step::namespaces) break;
    }
    if (!begun.running)
        throw system_error(step_names.at(static_cast<std::size_t>(begun.failure.step)),
                           "a check command", begun.failure.error);
    return begun;
}

class LastOutput {
  public:
    explicit LastOutput(Fd from) : from_(std::move(from)) {
        ::fcntl(from_.get(), F_SETFL, O_NONBLOCK);
    }
    int descriptor() const { return open_ ? from_.get() : -1; }
    /// All that is there.
    void take() {
        std::array<char, 8192> buffer;
        while (open_) {
            const ssize_t got = ::read(from_.get(), buffer.data(), buffer.size());
            if (got < 0 && errno == EINTR) continue;
            if (got == 0) open_ = false;
            if (got <= 0) return;
            kept_.append(buffer.data(), static_cast<std::size_t>(got));
            if (kept_.size() > 2 * command_output_bytes_max) drop();
        }
    }
    void give(CommandEnd& end) {
        if (kept_.size() > command_output_bytes_max) drop();
        end.output = std::move(kept_);
        end.cut = cut_;
    }

  private:
    void drop() {
        kept_.erase(0, kept_.size() - command_output_bytes_max);
        const auto line = kept_.find('\n');
        if (line != kept_.npos && line + 1 < kept_.size()) kept_.erase(0, line + 1);
        cut_ = true;
    }

    Fd from_;
    std::string kept_;
    bool open_ = true, cut_ = false;
};

/// In time: true.
bool wait_for(const Running& running, LastOutput& output, SteadyClock::time_point until,
              const std::stop_token& stop) {
    while (!running.has_ended()) {
        if (stop.stop_requested())
            throw Error(Errc::cancelled, "stopped while a check command was running");
        if (SteadyClock::now() >= until) return false;
        std::array<pollfd, 2> watched{pollfd{output.descriptor(), POLLIN, 0},
                                      pollfd{running.handle(), POLLIN, 0}};
        ::poll(watched.data(), watched.size(), static_cast<int>(look_interval.count()));
        output.take();
    }
    return true;
}

}  // namespace

void check_command_user(const std::string& user) {
    if (!user.empty()) (void)user_of(user);
}

CommandEnd run_contained(const ContainedCommand& command, const std::stop_token& stop) {
    Start start(command);
    const auto until = SteadyClock::now() + std::chrono::nanoseconds(command.time_limit.ns);
    Begun begun = begin(start);
    Running& running = *begun.running;
    LastOutput output(std::move(begun.output));
    CommandEnd end;
    if (!wait_for(running, output, until, stop)) end.how = CommandEnd::How::timed_out;
    const int status = running.end();
    output.take();
    output.give(end);
    end.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return end;
}

}  // namespace yore
