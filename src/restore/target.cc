// SPDX-License-Identifier: Apache-2.0
#include "restore/target.h"

#include <yore/base/error.h>

#include <cerrno>

#include <fcntl.h>

namespace yore::restore {

Fd open_below(int top, const std::string& path) {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    Fd here(::openat(top, ".", flags));
    if (!here) throw system_error("open", ".", errno);
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        const std::string name = path.substr(begin, end - begin);
        Fd next(::openat(here.get(), name.c_str(), flags));
        if (!next) throw system_error("open", path, errno);
        here = std::move(next);
        begin = end + 1;
    }
    return here;
}

}  // namespace yore::restore
