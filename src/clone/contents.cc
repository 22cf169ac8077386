// SPDX-License-Identifier: Apache-2.0
/// What files are: their sizes and times, their bytes, their holes.
#include "clone/contents.h"

#include <yore/base/error.h>
#include <yore/base/file.h>

#include <algorithm>
#include <cerrno>

#include <sys/stat.h>
#include <unistd.h>

namespace yore::clone {
namespace {

constexpr std::uint64_t page_bytes = 4096, sector_bytes = 512, for_ever = ~std::uint64_t{0};

/// Collects what is read in one piece of memory.
class CopySink final : public view::ReadSink {
  public:
    explicit CopySink(Bytes& to) : to_(to) {}
    void add(ByteView bytes, std::shared_ptr<const void>) override {
        to_.insert(to_.end(), bytes.begin(), bytes.end());
    }
    void add_zeros(std::uint64_t count) override { to_.resize(to_.size() + count); }

  private:
    Bytes& to_;
};

bool is_later(const timespec& a, const timespec& b) {
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

Error missing(const Inode& inode) {
    return Error(Errc::corrupt,
                 fmt::format("inode {}: the file with its changed bytes is missing", inode.number));
}

}  // namespace

DataName Contents::data_name(const Inode& inode) {
    return {inode.number, inode.row->generation};
}

DataFiles::File Contents::data(const Inode& inode) const {
    auto file = files_.open(data_name(inode));
    // One that was never synced may be gone after a loss of power: then nothing was written.
    if (!file && (inode.row->kept || inode.row->lower_end > 0)) throw missing(inode);
    return file;
}

bool Contents::is_ready(const Inode& inode) {
    if (!inode.row) return inode.below.has_value();
    if (inode.row->is_cut) return false;
    if (inode.row->lower_end == 0) return true;
    return inode.below && (inode.own || !inode.row->has_data);
}

void Contents::make_ready(Inode& inode) {
    if (is_ready(inode)) return;
    const DataFiles::File file = inode.row && inode.row->has_data ? data(inode) : nullptr;
    if (file) inode.data_bytes = stored_bytes(file->get());
    if (inode.row && inode.row->is_cut) finish_cut(inode, file->get());
    if (inode.row && inode.row->lower_end == 0) return;
    if (!inode.below) inode.below.emplace(cache_, below_content(inode));
    if (file && !inode.own) load_blocks(inode, file->get());
}

void Contents::load_blocks(Inode& inode, int fd) const {
    auto own = std::make_unique<OwnBlocks>();
    const std::uint64_t block = files_.block_bytes();
    for (off_t end = 0;;) {
        const off_t begin = ::lseek(fd, end, SEEK_DATA);
        if (begin < 0 && errno == ENXIO) break;
        if (begin >= 0) end = ::lseek(fd, begin, SEEK_HOLE);
        if (begin < 0 || end < 0)
            throw system_error("find the data of", fmt::format("inode {}", inode.number), errno);
        own->written.add(static_cast<std::uint64_t>(begin) / block,
                         (static_cast<std::uint64_t>(end) + block - 1) / block);
    }
    const Bytes prefix = zero_prefix(inode.number);
    table_.scan(prefix, prefix, [&](ByteView key, ByteView value) {
        const ZeroRow zeros = decode_zeros(key, value);
        own->zeros.add(zeros.begin, zeros.end);
        return true;
    });
    inode.own = std::move(own);
}

std::uint64_t Contents::size(const Inode& inode) const {
    if (!inode.row) return inode.below->size();
    if (!inode.row->has_data) return inode.row->size;
    const DataFiles::File file = data(inode);
    if (!file) return 0;
    struct stat status {};
    if (::fstat(file->get(), &status) != 0) throw system_error("stat", "a clone's file", errno);
    return static_cast<std::uint64_t>(status.st_size);
}

void Contents::fill(const Inode& inode, struct stat& to) const {
    std::uint64_t bytes = 0;
    const InodeRow& row = *inode.row;
    if (row.lower_end > 0)
        bytes = inode.below ? inode.below->size() - inode.below->hole_bytes() : row.lower_end;
    const DataFiles::File file = row.has_data ? data(inode) : nullptr;
    if (file) {
        struct stat status {};
        if (::fstat(file->get(), &status) != 0) throw system_error("stat", "a clone's file", errno);
        to.st_size = status.st_size;
        to.st_mtim = status.st_mtim;
        if (is_later(status.st_ctim, to.st_ctim)) to.st_ctim = status.st_ctim;
        bytes += static_cast<std::uint64_t>(status.st_blocks) * sector_bytes;
    } else {
        to.st_size = static_cast<off_t>(row.has_data ? 0 : row.size);
    }
    // A block that is in both counts twice until the file has as many as its size takes.
    const auto most = static_cast<std::uint64_t>(to.st_size) + page_bytes - 1;
    if (!file || row.lower_end > 0) bytes = std::min(bytes, most / page_bytes * page_bytes);
    to.st_blocks = static_cast<blkcnt_t>((bytes + sector_bytes - 1) / sector_bytes);
}

void Contents::read(const Inode& inode, std::uint64_t offset, std::size_t count,
                    view::ReadSink& sink) const {
    const std::uint64_t end_of_file = size(inode);
    const std::uint64_t begin = std::min(offset, end_of_file);
    const std::uint64_t end = begin + std::min<std::uint64_t>(count, end_of_file - begin);
    if (begin == end) return;
    if (!inode.row || !inode.row->has_data) return read_below(inode, {begin, end}, sink);
    const DataFiles::File file = data(inode);
    const std::uint64_t block = files_.block_bytes(), last = (end + block - 1) / block;
    for (std::uint64_t at = begin; at < end;) {
        std::uint64_t to = end;
        const bool is_own = !inode.own || inode.own->written.contains(at / block);
        if (inode.own)
            to = std::min(end, block * (is_own ? inode.own->written.next_out(at / block, last)
                                               : inode.own->written.next_in(at / block, last)));
        if (is_own) {
            auto bytes = std::make_shared<Buffer>(to - at);
            if (read_at(file->get(), at, bytes->span()) != to - at)
                throw Error(Errc::io, fmt::format("inode {}: ends early", inode.number));
            sink.add(*bytes, bytes);
        } else {
            read_below(inode, {at, to}, sink);
        }
        at = to;
    }
}

/// Of blocks that were not written.
void Contents::read_below(const Inode& inode, Range range, view::ReadSink& sink) const {
    const std::uint64_t lower_end = inode.row ? inode.row->lower_end : inode.below->size();
    const std::uint64_t block = files_.block_bytes();
    for (std::uint64_t at = range.begin; at < range.end;) {
        std::uint64_t to = range.end;
        bool shows_below = at < lower_end;
        if (shows_below) to = std::min(to, lower_end);
        if (shows_below && inode.own) {
            const std::uint64_t last = (to + block - 1) / block;
            shows_below = !inode.own->zeros.contains(at / block);
            to = std::min(to, block * (shows_below ? inode.own->zeros.next_in(at / block, last)
                                                   : inode.own->zeros.next_out(at / block, last)));
        }
        if (!shows_below) {
            sink.add_zeros(to - at);
            at = to;
            continue;
        }
        inode.below->scan(at, [&](const tree::PlacedExtent& placed) {
            const std::uint64_t stop = std::min(to, placed.end());
            if (placed.extent.chunk) {
                auto chunk = cache_.chunk(*placed.extent.chunk);
                const std::uint64_t from = placed.extent.offset + (at - placed.start);
                if (from + (stop - at) > chunk->size())
                    throw Error(Errc::corrupt, fmt::format("chunk {}: shorter than an extent in it",
                                                           placed.extent.chunk->short_hex()));
                sink.add(chunk->view().subspan(from, stop - at), chunk);
            } else {
                sink.add_zeros(stop - at);
            }
            at = stop;
            return at < to;
        });
        if (at < to) throw Error(Errc::corrupt, "the extents end before the file does");
    }
}

void Contents::copy(const Inode& inode, Range range, Bytes& out) const {
    CopySink sink(out);
    read_below(inode, range, sink);
}

bool Contents::is_changed(const Inode& inode, std::uint64_t begin, std::uint64_t end) const {
    if (!inode.own) return false;
    const std::uint64_t block = files_.block_bytes();
    const std::uint64_t first = begin / block, last = (end + block - 1) / block;
    return inode.own->written.next_in(first, last) < last ||
           inode.own->zeros.next_in(first, last) < last;
}

tree::Content Contents::below_content(const Inode& inode) const {
    const Lower& lower = inode.origin().value();
    return tree::entry_at(cache_, lower.leaf, lower.place).content();
}

std::optional<std::uint64_t> Contents::next_data(const Inode& inode, std::uint64_t offset) const {
    const std::uint64_t end = size(inode);
    if (offset >= end) return std::nullopt;
    const std::uint64_t block = files_.block_bytes(), last = (end + block - 1) / block;
    const bool has_data = inode.row && inode.row->has_data;
    if (has_data && !inode.own) {
        const off_t found = ::lseek(data(inode)->get(), static_cast<off_t>(offset), SEEK_DATA);
        return found < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(found));
    }
    const std::uint64_t lower_end =
        std::min(end, inode.row ? inode.row->lower_end : inode.below->size());
    std::uint64_t written = for_ever;
    if (inode.own) {
        const std::uint64_t found = inode.own->written.next_in(offset / block, last);
        if (found < last) written = std::max(offset, found * block);
    }
    for (std::uint64_t at = offset; at < std::min(lower_end, written);) {
        if (inode.own && inode.own->zeros.contains(at / block)) {
            at = inode.own->zeros.next_out(at / block, last) * block;
            continue;
        }
        const auto below = inode.below->next_data(at);
        if (!below || *below >= lower_end) break;
        if (!inode.own || !inode.own->zeros.contains(*below / block))
            return std::min(*below, written);
        at = *below;
    }
    return written < end ? std::optional(written) : std::nullopt;
}

std::optional<std::uint64_t> Contents::next_hole(const Inode& inode, std::uint64_t offset) const {
    const std::uint64_t end = size(inode);
    if (offset >= end) return std::nullopt;
    const bool has_data = inode.row && inode.row->has_data;
    if (has_data && !inode.own) {
        const off_t found = ::lseek(data(inode)->get(), static_cast<off_t>(offset), SEEK_HOLE);
        return found < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(found));
    }
    const std::uint64_t block = files_.block_bytes(), last = (end + block - 1) / block;
    const std::uint64_t lower_end =
        std::min(end, inode.row ? inode.row->lower_end : inode.below->size());
    for (std::uint64_t at = offset; at < end;) {
        if (inode.own && inode.own->written.contains(at / block)) {
            at = inode.own->written.next_out(at / block, last) * block;
            continue;
        }
        if (at >= lower_end || (inode.own && inode.own->zeros.contains(at / block))) return at;
        std::uint64_t next = std::min(lower_end, inode.below->next_hole(at).value_or(lower_end));
        if (inode.own) {
            next = std::min(next, inode.own->written.next_in(at / block + 1, last) * block);
            next = std::min(next, inode.own->zeros.next_in(at / block + 1, last) * block);
        }
        if (next == at) return at;
        at = next;
    }
    return end;
}

}  // namespace yore::clone
