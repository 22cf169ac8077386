// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/file.h>

#include <cerrno>

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clone/data_files.h"

namespace yore::clone {
namespace {

constexpr std::size_t piece_bytes = 1u << 20;

/// Refused by file systems that share no blocks, and between two of them: false.
bool share_blocks(int from, int to) {
    return ::ioctl(to, FICLONE, from) == 0;
}

void copy_data(int from, int to, const std::stop_token& stop) {
    Bytes piece(piece_bytes);
    for (off_t at = 0;;) {
        at = ::lseek(from, at, SEEK_DATA);
        if (at < 0 && errno == ENXIO) return;
        const off_t end = at < 0 ? at : ::lseek(from, at, SEEK_HOLE);
        if (end < 0) throw system_error("find the data of", "a clone's file", errno);
        while (at < end) {
            if (stop.stop_requested()) throw Error(Errc::cancelled, "stopped");
            const auto want =
                std::min<std::size_t>(piece.size(), static_cast<std::size_t>(end - at));
            const std::size_t got =
                read_at(from, static_cast<std::uint64_t>(at), MutableBytes(piece).first(want));
            if (got == 0) return;
            write_at(to, static_cast<std::uint64_t>(at), ByteView(piece).first(got));
            at += static_cast<off_t>(got);
        }
    }
}

}  // namespace

void copy_file(const Fd& from, const Fd& to, const std::stop_token& stop) {
    struct stat status {};
    if (::fstat(from.get(), &status) != 0) throw system_error("stat", "a clone's file", errno);
    if (!share_blocks(from.get(), to.get())) copy_data(from.get(), to.get(), stop);
    if (::ftruncate(to.get(), status.st_size) != 0)
        throw system_error("truncate", "a clone's file", errno);
    const timespec times[] = {status.st_atim, status.st_mtim};
    if (::futimens(to.get(), times) != 0)
        throw system_error("set the times of", "a clone's file", errno);
}

}  // namespace yore::clone
