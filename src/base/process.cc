// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/process.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <string_view>

#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace yore {

std::vector<std::string> path_directories() {
    std::vector<std::string> directories;
    const char* variable = std::getenv("PATH");
    std::string_view path = variable != nullptr ? variable : "";
    while (!path.empty()) {
        const auto colon = std::min(path.find(':'), path.size());
        directories.emplace_back(path.substr(0, colon));
        path.remove_prefix(std::min(colon + 1, path.size()));
    }
    return directories;
}

pid_t spawn_program(const std::string& path, std::vector<std::string> words,
                    const StandardStreams& streams, char* const* variables) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions{};
    ::posix_spawn_file_actions_init(&actions);
    const auto give = [&](int descriptor, int as) {
        if (descriptor >= 0) ::posix_spawn_file_actions_adddup2(&actions, descriptor, as);
    };
    give(streams.input, STDIN_FILENO);
    give(streams.output, STDOUT_FILENO);
    give(streams.errors, STDERR_FILENO);
    posix_spawnattr_t attributes{};
    ::posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    pid_t child = 0;
    const int failed =
        ::posix_spawn(&child, path.c_str(), &actions, &attributes, arguments.data(),
                      variables != nullptr ? variables : environ);
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&actions);
    if (failed != 0) throw system_error("run", path, failed);
    return child;
}

int wait_for_program(pid_t child) {
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
}

}  // namespace yore
