// SPDX-License-Identifier: Apache-2.0
/// Asks for a passphrase on the terminal itself, whatever standard input is.
#include <yore/base/error.h>
#include <yore/base/fd.h>

#include <cerrno>
#include <string_view>

#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/secrets.h"

namespace yore::cli {
namespace {

constexpr std::size_t typed_bytes_max = 4096;
constexpr char ctrl_c = 3, ctrl_d = 4, ctrl_u = 21, backspace = 8, rubout = 127;

/// Neither echo nor lines nor signals: a Ctrl-C must not end us while the echo is off. The terminal
/// is as it was when this goes.
class QuietTerminal {
  public:
    explicit QuietTerminal(int fd) : fd_(fd) {
        if (::tcgetattr(fd, &before_) != 0) throw system_error("ask", "terminal", errno);
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
        ::tcsetattr(fd, TCSAFLUSH, &quiet);
    }
    QuietTerminal(const QuietTerminal&) = delete;
    QuietTerminal& operator=(const QuietTerminal&) = delete;
    ~QuietTerminal() { ::tcsetattr(fd_, TCSAFLUSH, &before_); }

  private:
    const int fd_;
    termios before_{};
};

void say(int fd, std::string_view text) {
    [[maybe_unused]] const auto written = ::write(fd, text.data(), text.size());
}

/// The last character may be several bytes of UTF-8.
std::size_t without_last_character(ByteView typed) {
    std::size_t size = typed.size();
    while (size > 0 && (std::to_integer<unsigned>(typed[size - 1]) & 0xc0) == 0x80) --size;
    return size > 0 ? size - 1 : 0;
}

crypto::SecretBytes read_typed(int fd) {
    crypto::SecretBytes typed(typed_bytes_max);
    std::size_t size = 0;
    for (;;) {
        char c = 0;
        const ssize_t count = ::read(fd, &c, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) throw Error(Errc::cancelled, "the terminal went away");
        if (c == ctrl_c) throw Error(Errc::cancelled, "interrupted");
        if (c == '\n' || c == '\r' || c == ctrl_d)
            return crypto::SecretBytes::copy_of(typed.view().first(size));
        if (c == ctrl_u) {
            size = 0;
        } else if (c == backspace || c == rubout) {
            size = without_last_character(typed.view().first(size));
        } else if (size < typed.size()) {
            typed.span()[size++] = static_cast<std::byte>(c);
        }
    }
}

}  // namespace

crypto::SecretBytes prompt(const std::string& question, const std::string& option) {
    const Fd terminal(::open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!terminal)
        throw Error(Errc::invalid, "a passphrase is needed, and there is no terminal to ask on",
                    {fmt::format("use {}, or its command or key file form", option),
                     "YORE_PASSPHRASE in the environment opens a repository, too"});
    say(terminal.get(), question);
    const QuietTerminal quiet(terminal.get());
    auto typed = read_typed(terminal.get());
    say(terminal.get(), "\n");
    return typed;
}

}  // namespace yore::cli
