// SPDX-License-Identifier: Apache-2.0
/// The writing half of a restore, on the workers.
#include <yore/base/file.h>

#include <algorithm>
#include <cerrno>
#include <functional>

#include <fcntl.h>
#include <unistd.h>

#include "restore/run.h"

namespace yore::restore {

void Run::work() {
    for (Piece piece;;) {
        pieces_.pop(piece);
        if (!piece.file) return;
        write_piece(piece);
        piece = {};
    }
}

void Run::write_piece(const Piece& piece) {
    PendingFile& file = *piece.file;
    const std::string path = file.directory->path_of(file.entry.name());
    if (stop_.stop_requested())
        stop_all(Error(Errc::cancelled, "restore stopped; start it again to go on"));
    if (!file.failed && !stopping_) {
        const bool written = attempt(path, [&] {
            if (!file.fd) open_temporary(file);
            write_extents(file, piece.offset, piece.length);
        });
        if (!written) file.failed = true;
    }
    if (file.pieces_left.fetch_sub(1) != 1) return;
    if (file.failed || stopping_ || !attempt(path, [&] { finish_file(file); })) give_up(file);
}

void Run::open_temporary(PendingFile& file) {
    const std::string name(file.entry.name());
    // The same name in every run, so that an interrupted one leaves nothing behind for ever.
    file.temporary = fmt::format(".yore-partial-{:016x}", std::hash<std::string>{}(name));
    constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
    const int directory = file.directory->fd();
    file.fd = Fd(::openat(directory, file.temporary.c_str(), flags, 0600));
    if (!file.fd && errno == EEXIST && ::unlinkat(directory, file.temporary.c_str(), 0) == 0)
        file.fd = Fd(::openat(directory, file.temporary.c_str(), flags, 0600));
    if (!file.fd) throw system_error("create", file.directory->path_of(name), errno);
    file.reader.emplace(cache_, file.entry.content());
    const std::uint64_t size = file.entry.attributes().size;
    if (size > 0 && ::ftruncate(file.fd.get(), static_cast<off_t>(size)) != 0)
        throw system_error("set the size of", file.directory->path_of(name), errno);
}

void Run::write_extents(PendingFile& file, std::uint64_t offset, std::uint64_t length) {
    const std::uint64_t end = offset + length;
    if (length == 0) return;
    file.reader->scan(offset, [&](const tree::PlacedExtent& placed) {
        if (placed.start >= end || stopping_) return false;
        const std::uint64_t from = std::max(placed.start, offset);
        const std::uint64_t to = std::min(placed.start + placed.extent.length, end);
        if (placed.extent.chunk) {
            const auto chunk = cache_.chunk(*placed.extent.chunk);
            const std::uint64_t begin = placed.extent.offset + (from - placed.start);
            if (begin + (to - from) > chunk->size())
                throw Error(Errc::corrupt, fmt::format("chunk {}: shorter than its extent",
                                                       placed.extent.chunk->short_hex()));
            write_at(file.fd.get(), from, chunk->view().subspan(begin, to - from));
        }
        bytes_done_ += to - from;
        return to < end;
    });
}

void Run::finish_file(PendingFile& file) {
    const std::string name(file.entry.name());
    const std::string path = file.directory->path_of(name);
    for (const std::string& text : set_metadata({file.fd.get()}, file.entry, cache_, owners_))
        report(path, text);
    const int directory = file.directory->fd();
    if (::renameat(directory, file.temporary.c_str(), directory, name.c_str()) != 0)
        throw system_error("rename", path, errno);
    file.temporary.clear();
    file.fd.close();
    ++files_done_;
    settle_links(file.entry, path);
}

void Run::give_up(PendingFile& file) {
    if (!file.temporary.empty() && file.fd)
        ::unlinkat(file.directory->fd(), file.temporary.c_str(), 0);
    abandon_links(file.entry);
}

RestoreResult restore(const store::ObjectCache& cache, NodeId snapshot_root,
                      const RestoreOptions& options, std::stop_token stop) {
    return Run(cache, options, std::move(stop))(snapshot_root);
}

}  // namespace yore::restore
