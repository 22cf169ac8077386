// SPDX-License-Identifier: Apache-2.0
/// How files change. The order of steps is what makes each of them whole after a crash.
#include <yore/base/error.h>
#include <yore/base/file.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <limits>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "clone/contents.h"

namespace yore::clone {
namespace {

constexpr std::uint64_t file_bytes_max = std::numeric_limits<off_t>::max();
constexpr std::uint64_t for_ever = ~std::uint64_t{0};

off_t offset_of(std::uint64_t value) {
    return static_cast<off_t>(value);
}

view::Refusal refusal_of(int error_number) {
    return static_cast<std::errc>(error_number);
}

/// How many bytes were written; fewer than all: `errno` says why.
std::uint64_t write_pieces(int fd, std::uint64_t offset, std::array<iovec, 3> pieces) {
    std::uint64_t done = 0;
    for (std::size_t first = 0; first < pieces.size();) {
        if (pieces[first].iov_len == 0) {
            ++first;
            continue;
        }
        const ssize_t part =
            ::pwritev(fd, pieces.data() + first, static_cast<int>(pieces.size() - first),
                      offset_of(offset + done));
        if (part < 0 && errno == EINTR) continue;
        if (part <= 0) return done;
        done += static_cast<std::uint64_t>(part);
        for (auto left = static_cast<std::size_t>(part); left > 0;) {
            const std::size_t taken = std::min(left, pieces[first].iov_len);
            pieces[first].iov_base = static_cast<std::byte*>(pieces[first].iov_base) + taken;
            pieces[first].iov_len -= taken;
            left -= taken;
            if (pieces[first].iov_len == 0) ++first;
        }
    }
    return done;
}

iovec piece_of(ByteView bytes) {
    return {const_cast<std::byte*>(bytes.data()), bytes.size()};
}

void set_size(int fd, std::uint64_t size) {
    if (::ftruncate(fd, offset_of(size)) != 0)
        throw system_error("truncate", "a clone's file", errno);
}

}  // namespace

void Contents::save(Inode& inode, const InodeRow& row) {
    table_.write({put_inode(inode.number, row)});
    *inode.row = row;
}

void Contents::account(Inode& inode, int fd) {
    const std::uint64_t now = stored_bytes(fd);
    files_.note(static_cast<std::int64_t>(now) - static_cast<std::int64_t>(inode.data_bytes));
    inode.data_bytes = now;
}

std::uint64_t Contents::lower_end_block(const Inode& inode) const {
    return (inode.row->lower_end + files_.block_bytes() - 1) / files_.block_bytes();
}

/// A file over bytes of the tree below is on the disk with its size before a row says that it is
/// there: else, after a loss of power, these bytes would be lost to an empty file.
DataFiles::File Contents::data_for_change(Inode& inode, std::uint64_t size) {
    make_ready(inode);
    if (inode.row->has_data)
        if (auto file = data(inode)) return file;
    return make_data(inode, *inode.row, size);
}

/// `row`: what the inode's is to become besides.
DataFiles::File Contents::make_data(Inode& inode, InodeRow row, std::uint64_t size) {
    auto file = files_.make(data_name(inode));
    set_size(file->get(), size);
    if (row.lower_end > 0) {
        sync_file(file->get(), "a clone's file");
        files_.keep(data_name(inode));
        row.kept = true;
    }
    row.has_data = true;
    save(inode, row);
    inode.data_bytes = 0;
    if (row.lower_end > 0) inode.own = std::make_unique<OwnBlocks>();
    return file;
}

/// After a crash: a truncation that was noted, and perhaps not done.
void Contents::finish_cut(Inode& inode, int fd) {
    InodeRow row = *inode.row;
    struct stat status {};
    if (::fstat(fd, &status) != 0) throw system_error("stat", "a clone's file", errno);
    if (static_cast<std::uint64_t>(status.st_size) > row.size) set_size(fd, row.size);
    if (inode.own) forget_blocks_behind(inode, row.size);
    row.is_cut = false;
    save(inode, row);
}

view::Refusal Contents::check_room(const Inode& inode, int fd, Range range) const {
    const std::uint64_t block = files_.block_bytes();
    const std::uint64_t begin = range.begin / block, end = (range.end + block - 1) / block;
    if (files_.has_room((end - begin) * block)) return {};
    // Near the limit: what is written already takes no more.
    const off_t hole = ::lseek(fd, offset_of(range.begin), SEEK_HOLE);
    const bool is_there = hole >= 0 && static_cast<std::uint64_t>(hole) >= range.end;
    const bool is_own = !inode.own || inode.own->written.next_out(begin, end) == end;
    return is_there && is_own ? view::Refusal() : view::quota_exceeded;
}

view::Refusal Contents::write(Inode& inode, std::uint64_t offset, ByteView bytes) {
    if (offset > file_bytes_max || bytes.size() > file_bytes_max - offset)
        return std::errc::file_too_large;
    if (bytes.empty()) return {};
    make_ready(inode);
    const std::uint64_t old_size = size(inode);
    const DataFiles::File file = data_for_change(inode, old_size);
    const Range range{offset, offset + bytes.size()};
    if (const auto refused = check_room(inode, file->get(), range); refused != view::Refusal())
        return refused;
    const view::Refusal outcome = write_over(inode, file->get(), range, bytes);
    if (outcome != view::Refusal() && size(inode) > old_size) {
        set_size(file->get(), old_size);
        if (inode.own) forget_blocks_behind(inode, old_size);
    }
    account(inode, file->get());
    return outcome;
}

/// Blocks that are written for the first time are written whole.
view::Refusal Contents::write_over(Inode& inode, int fd, Range range, ByteView bytes) {
    const std::uint64_t block = files_.block_bytes();
    const std::uint64_t first = range.begin / block, last = (range.end - 1) / block;
    Bytes head, tail;
    if (inode.own) {
        const std::uint64_t end_of_last = std::min((last + 1) * block, size(inode));
        if (!inode.own->written.contains(first)) copy(inode, {first * block, range.begin}, head);
        if (!inode.own->written.contains(last) && range.end < end_of_last)
            copy(inode, {range.end, end_of_last}, tail);
    }
    const std::uint64_t begin = range.begin - head.size(),
                        all = head.size() + bytes.size() + tail.size();
    const std::uint64_t done =
        write_pieces(fd, begin, {piece_of(head), piece_of(bytes), piece_of(tail)});
    const int error_number = errno;
    if (done == all) {
        if (inode.own) inode.own->written.add(first, last + 1);
        return {};
    }
    if (inode.own) {
        // A block that is there in part would hide the rest of the one below.
        const std::uint64_t whole = (begin + done) / block;
        if (whole > first) inode.own->written.add(first, whole);
        if (!inode.own->written.contains(whole))
            ::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset_of(whole * block),
                        offset_of(block));
    }
    return refusal_of(error_number != 0 ? error_number : EIO);
}

/// Without keeping what was there: nothing of it has to be durable before the row says so.
view::Refusal Contents::replace_by_nothing(Inode& inode) {
    const Inode before(inode.number, *inode.row);
    InodeRow row = *inode.row;
    row.has_data = row.kept = row.is_cut = false;
    ++row.generation;
    row.size = row.lower_end = 0;
    row.modified = row.changed = clock_.now();
    std::vector<store::RowChange> changes{put_inode(inode.number, row)};
    remove_rows(before, changes);
    table_.write(changes);
    *inode.row = row;
    inode.own.reset();
    inode.below.reset();
    inode.data_bytes = 0;
    remove_data(before);
    return {};
}

view::Refusal Contents::truncate(Inode& inode, std::uint64_t wanted) {
    if (wanted > file_bytes_max) return std::errc::file_too_large;
    make_ready(inode);
    InodeRow row = *inode.row;
    if (wanted == 0 && (row.lower_end > 0 || !row.has_data)) return replace_by_nothing(inode);
    const bool cuts_below = wanted < row.lower_end;
    row.lower_end = std::min(row.lower_end, wanted);
    if (!row.has_data) {
        account(inode, make_data(inode, row, wanted)->get());
        return {};
    }
    const DataFiles::File file = data_for_change(inode, wanted);
    if (cuts_below) {
        row.size = wanted;
        row.is_cut = true;
        save(inode, row);
        table_.sync();
    }
    set_size(file->get(), wanted);
    if (inode.own) forget_blocks_behind(inode, wanted);
    if (cuts_below) {
        row.is_cut = false;
        save(inode, row);
    }
    account(inode, file->get());
    return {};
}

void Contents::forget_blocks_behind(Inode& inode, std::uint64_t size) const {
    const std::uint64_t block = files_.block_bytes();
    inode.own->written.remove((size + block - 1) / block, for_ever);
}

view::Refusal Contents::write_zeros(Inode& inode, int fd, Range range) {
    if (range.begin >= range.end) return {};
    const Bytes zeros(range.end - range.begin);
    return write_over(inode, fd, range, zeros);
}

/// Within the file.
view::Refusal Contents::make_zeros(Inode& inode, int fd, Range range) {
    const std::uint64_t block = files_.block_bytes();
    const std::uint64_t first = (range.begin + block - 1) / block, last = range.end / block;
    if (first >= last) {
        const std::uint64_t middle = std::clamp(first * block, range.begin, range.end);
        const auto refused = write_zeros(inode, fd, {range.begin, middle});
        return refused != view::Refusal() ? refused : write_zeros(inode, fd, {middle, range.end});
    }
    for (const Range edge : {Range{range.begin, first * block}, Range{last * block, range.end}})
        if (const auto refused = write_zeros(inode, fd, edge); refused != view::Refusal())
            return refused;
    const std::uint64_t shown_end = std::min(last, lower_end_block(inode));
    if (first < shown_end && inode.own->zeros.next_out(first, shown_end) < shown_end) {
        table_.write({put_zeros(inode.number, {first, shown_end})});
        table_.sync();
        inode.own->zeros.add(first, shown_end);
    }
    if (::fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset_of(first * block),
                    offset_of((last - first) * block)) != 0)
        return refusal_of(errno);
    if (inode.own) inode.own->written.remove(first, last);
    return {};
}

view::Refusal Contents::allocate(Inode& inode, view::AllocateMode mode, std::uint64_t offset,
                                 std::uint64_t length) {
    using Mode = view::AllocateMode;
    if (length == 0) return std::errc::invalid_argument;
    if (offset > file_bytes_max || length > file_bytes_max - offset)
        return std::errc::file_too_large;
    make_ready(inode);
    const std::uint64_t old_size = size(inode);
    const DataFiles::File file = data_for_change(inode, old_size);
    const int fd = file->get();
    const Range range{offset, offset + length};
    view::Refusal outcome{};
    if (mode == Mode::reserve || mode == Mode::reserve_inside) {
        // Blocks below cannot be reserved: a hole that has space may be filled with zeros by the
        // file system, which would be taken for data.
        const std::uint64_t free_from = lower_end_block(inode) * files_.block_bytes();
        const std::uint64_t begin = std::max(range.begin, free_from);
        if (begin < range.end) {
            outcome = check_room(inode, fd, {begin, range.end});
            const int keep = mode == Mode::reserve_inside ? FALLOC_FL_KEEP_SIZE : 0;
            if (outcome == view::Refusal() &&
                ::fallocate(fd, keep, offset_of(begin), offset_of(range.end - begin)) != 0)
                outcome = refusal_of(errno);
        } else if (mode == Mode::reserve && range.end > old_size) {
            set_size(fd, range.end);
        }
    } else {
        if (mode == Mode::zero && range.end > old_size) set_size(fd, range.end);
        const std::uint64_t end =
            std::min(range.end, mode == Mode::zero ? range.end : std::max(old_size, offset));
        if (offset < end) outcome = make_zeros(inode, fd, {offset, end});
    }
    account(inode, fd);
    return outcome;
}

void Contents::set_modified(Inode& inode, const timespec& time) {
    InodeRow& row = *inode.row;
    const DataFiles::File file = row.has_data ? data(inode) : nullptr;
    if (!file) {
        row.modified = to_timestamp(time);
        return;
    }
    const timespec times[2] = {{.tv_sec = 0, .tv_nsec = UTIME_OMIT}, time};
    if (::futimens(file->get(), times) != 0)
        throw system_error("set times of", "a clone's file", errno);
}

void Contents::sync(Inode& inode, view::SyncMode mode) {
    DataFiles::File file;
    std::optional<DataName> to_keep;
    {
        const std::shared_lock lock(inode.mutex);
        if (inode.row && inode.row->has_data) file = data(inode);
        if (file && !inode.row->kept) to_keep = data_name(inode);
    }
    if (file &&
        (mode == view::SyncMode::data ? ::fdatasync(file->get()) : ::fsync(file->get())) != 0)
        throw system_error("sync", fmt::format("inode {}", inode.number), errno);
    if (to_keep) {
        files_.keep(*to_keep);
        const std::unique_lock lock(inode.mutex);
        if (inode.row->has_data && data_name(inode) == *to_keep) {
            InodeRow row = *inode.row;
            row.kept = true;
            save(inode, row);
        }
    }
    table_.sync();
}

void Contents::remove_rows(const Inode& inode, std::vector<store::RowChange>& changes) const {
    if (!inode.row || !inode.row->has_data || inode.row->lower_end == 0) return;
    const Bytes prefix = zero_prefix(inode.number);
    table_.scan(prefix, prefix, [&](ByteView key, ByteView) {
        changes.push_back({to_bytes(key), std::nullopt});
        return true;
    });
}

void Contents::remove_data(const Inode& inode) {
    if (!inode.row || !inode.row->has_data) return;
    // What may be durable with a row that says so stays until the row is durably gone.
    if (inode.row->kept)
        files_.doom(data_name(inode));
    else
        files_.remove(data_name(inode));
}

}  // namespace yore::clone
