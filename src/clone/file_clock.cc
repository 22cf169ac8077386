// SPDX-License-Identifier: Apache-2.0
#include "clone/file_clock.h"

#include <yore/base/error.h>
#include <yore/base/file.h>

#include <cerrno>

#include <fcntl.h>

namespace yore::clone {

FileClock::FileClock(const std::string& path) : file_(open_file(path, O_RDWR | O_CREAT)) {}

Timestamp FileClock::now() const {
    struct stat status {};
    if (::futimens(file_.get(), nullptr) != 0 || ::fstat(file_.get(), &status) != 0)
        throw system_error("ask for the time of", "a clone's files", errno);
    return to_timestamp(status.st_mtim);
}

timespec to_timespec(Timestamp time) {
    constexpr std::int64_t second = 1'000'000'000;
    const std::int64_t rest = (time.ns % second + second) % second;
    return {.tv_sec = (time.ns - rest) / second, .tv_nsec = rest};
}

Timestamp to_timestamp(const timespec& time) {
    return Timestamp::from_seconds(time.tv_sec, static_cast<std::uint32_t>(time.tv_nsec));
}

}  // namespace yore::clone
