// SPDX-License-Identifier: Apache-2.0
#include "cli/input.h"

#include <yore/base/error.h>
#include <yore/base/file.h>

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace yore::cli {

std::size_t FdInput::read(MutableBytes into, const std::stop_token& stop) {
    const Fd wake(::eventfd(0, EFD_CLOEXEC));
    if (!wake) throw system_error("make", "eventfd", errno);
    const std::stop_callback waking(stop, [&] {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(wake.get(), &one, sizeof one);
    });
    for (;;) {
        pollfd waits[2] = {{fd_, POLLIN, 0}, {wake.get(), POLLIN, 0}};
        const int ready = ::poll(waits, 2, -1);
        if (stop.stop_requested()) throw Error(Errc::cancelled, "interrupted");
        if (ready < 0) continue;  // EINTR
        const ssize_t count = ::read(fd_, into.data(), into.size());
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR && errno != EAGAIN) throw system_error("read", "standard input", errno);
    }
}

FileInput::FileInput(const std::string& path) : path_(path), file_(open_file(path, O_RDONLY)) {}

std::size_t FileInput::read(MutableBytes into, const std::stop_token&) {
    for (;;) {
        const ssize_t count = ::read(file_.get(), into.data(), into.size());
        if (count >= 0) return static_cast<std::size_t>(count);
        if (errno != EINTR) throw system_error("read", path_, errno);
    }
}

std::size_t SecretInput::read(MutableBytes into, const std::stop_token&) {
    const std::size_t count = std::min(into.size(), secret_.size() - taken_);
    std::copy_n(secret_.view().begin() + static_cast<std::ptrdiff_t>(taken_), count, into.begin());
    taken_ += count;
    return count;
}

}  // namespace yore::cli
