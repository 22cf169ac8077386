// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>

#include <csignal>
#include <exception>

#include <malloc.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/renderer.h"
#include "cli/run.h"
#include "cli/screen.h"
#include "cli/secrets.h"

namespace {

int answer(const yore::cli::Answer& answer) {
    yore::cli::Screen screen(false);
    screen.out(answer.out);
    if (!answer.err.empty()) screen.message(answer.err.substr(0, answer.err.size() - 1));
    return answer.exit_code;
}

/// Ends as a program does whose reader went away, so that a shell sees what it expects.
int end_by_pipe() {
    std::signal(SIGPIPE, SIG_DFL);
    std::raise(SIGPIPE);
    return 1;
}

int run(int argc, char** argv) {
    using namespace yore;
    std::signal(SIGPIPE, SIG_IGN);
    auto passphrase = cli::take_environment_passphrase();
    const auto parsed = cli::parse(argc, argv);
    if (const auto* nothing_to_run = std::get_if<cli::Answer>(&parsed))
        return answer(*nothing_to_run);
    const auto& invocation = std::get<cli::Invocation>(parsed);
    const SystemClock clock;
    cli::Screen screen(invocation.quiet);
    const auto renderer = cli::make_renderer(invocation, screen, clock);
    const int code = cli::run(invocation, std::move(passphrase), *renderer);
    return screen.closed() ? end_by_pipe() : code;
}

}  // namespace

int main(int argc, char** argv) {
    // An arena for each thread keeps what that thread freed: a mount with a cache of 256 MiB then
    // held 540 MB. Two serve two cores as fast (330 MB).
    ::mallopt(M_ARENA_MAX, 2);
    try {
        return run(argc, argv);
    } catch (const std::exception& error) {
        ::dprintf(STDERR_FILENO, "yore: %s\n", error.what());
        return 1;
    }
}
