// SPDX-License-Identifier: Apache-2.0
#include "cluster/foreign_file.h"

#include <yore/base/fd.h>
#include <yore/base/file.h>

#include <fcntl.h>
#include <sys/stat.h>

namespace yore::cluster {

std::optional<std::string> read_foreign_file(const std::string& path) {
    constexpr std::size_t bytes_max = 64u << 10;
    const Fd file(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    struct stat status {};
    if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
    Bytes bytes(bytes_max + 1);
    bytes.resize(read_at(file.get(), 0, bytes));
    if (bytes.size() > bytes_max) return std::nullopt;
    return std::string(as_text(bytes));
}

}  // namespace yore::cluster
