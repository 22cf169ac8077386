// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/fd.h>

#include <cerrno>

#include <unistd.h>

namespace yore {

void Fd::close() {
    if (fd_ < 0) return;
    int saved = errno;  // destructors run between a failed call and the look at its errno
    int result = ::close(std::exchange(fd_, -1));
    // EINTR closes on Linux; EBADF means that somebody closed a descriptor that is ours.
    YORE_ENSURE(result == 0 || errno != EBADF);
    errno = saved;
}

}  // namespace yore
