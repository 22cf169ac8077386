// SPDX-License-Identifier: Apache-2.0
#include "cli/screen.h"

#include <yore/base/error.h>

#include <cerrno>

#include <unistd.h>

#include "cli/terminal.h"

namespace yore::cli {
namespace {

constexpr std::size_t waiting_bytes_max = 64u << 10;

/// Returns the errno; 0: all is written.
int write_text(int fd, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(fd, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return 0;
}

}  // namespace

Screen::Screen(bool quiet)
    : quiet_(quiet),
      out_is_terminal_(::isatty(STDOUT_FILENO) == 1),
      err_is_terminal_(::isatty(STDERR_FILENO) == 1) {}

Screen::~Screen() {
    progress("");
    if (!closed_) write_text(STDOUT_FILENO, waiting_);
}

void Screen::out(std::string_view text) {
    if (progress_shown_) progress("");
    waiting_ += text;
    if (out_is_terminal_ || waiting_.size() >= waiting_bytes_max) flush();
}

void Screen::flush() {
    if (closed_) throw Error(Errc::cancelled, "standard output is closed");
    const int failed = write_text(STDOUT_FILENO, waiting_);
    waiting_.clear();
    if (failed == EPIPE) {
        closed_ = true;
        throw Error(Errc::cancelled, "standard output is closed");
    }
    if (failed != 0) throw system_error("write", "standard output", failed);
}

void Screen::message(std::string_view line) {
    progress("");
    write_text(STDERR_FILENO, std::string(line) + "\n");
}

void Screen::remark(std::string_view line) {
    if (!quiet_) message(line);
}

std::string Screen::name(std::string_view bytes) const {
    return out_is_terminal_ ? printable(bytes) : std::string(bytes);
}

void Screen::progress(std::string_view line) {
    if (line.empty() && !progress_shown_) return;
    progress_shown_ = !line.empty();
    write_text(STDERR_FILENO, "\r" + std::string(line) + "\x1b[K");
}

}  // namespace yore::cli
