// SPDX-License-Identifier: Apache-2.0
/// The bytes of regular files: those of the tree below, and over them what was written.
///
/// What was written lies in a sparse file of the same size, at the same place; which of its blocks
/// have data says which were written, so one sync makes both durable. A hole shows the bytes below
/// as far as these reach: what was cut off, or made zeros, is noted in rows, durably, before the
/// file changes. Where nothing is below, a hole is a hole.
#pragma once

#include <yore/store/object_cache.h>

#include <optional>

#include "clone/data_files.h"
#include "clone/file_clock.h"
#include "clone/inode.h"

namespace yore::clone {

/// Of inodes that are regular files. Unless it says otherwise, who calls holds the inode's mutex:
/// `const Inode&` shared, `Inode&` alone. Any thread.
class Contents {
  public:
    Contents(const store::ObjectCache& cache, store::LocalTable& table, DataFiles& files,
             const FileClock& clock)
        : cache_(cache), table_(table), files_(files), clock_(clock) {}

    /// Reading needs no more than what is in memory when this was called once.
    static bool is_ready(const Inode&);
    void make_ready(Inode&);

    std::uint64_t size(const Inode&) const;
    /// Size, blocks and times of one with a row; the times are those of the row already.
    void fill(const Inode&, struct stat&) const;

    void read(const Inode&, std::uint64_t offset, std::size_t size, view::ReadSink&) const;
    std::optional<std::uint64_t> next_data(const Inode&, std::uint64_t offset) const;
    std::optional<std::uint64_t> next_hole(const Inode&, std::uint64_t offset) const;

    /// Whether something in [begin, end), over bytes below, is not as these are.
    bool is_changed(const Inode&, std::uint64_t begin, std::uint64_t end) const;
    /// Of one that has bytes below.
    tree::Content below_content(const Inode&) const;

    // What changes a file gives it a row first.
    view::Refusal write(Inode&, std::uint64_t offset, ByteView);
    view::Refusal truncate(Inode&, std::uint64_t size);
    view::Refusal allocate(Inode&, view::AllocateMode, std::uint64_t offset, std::uint64_t length);
    void set_modified(Inode&, const timespec&);
    /// Takes the inode's mutex by itself, and not while the disk works.
    void sync(Inode&, view::SyncMode);
    // When its last name is gone, and nobody has it open.
    /// Its rows of zeros go with `changes`.
    void remove_rows(const Inode&, std::vector<store::RowChange>& changes) const;
    /// Once no row refers to it, though perhaps not yet durably: its file of bytes.
    void remove_data(const Inode&);

  private:
    struct Range {
        std::uint64_t begin = 0, end = 0;
    };
    static DataName data_name(const Inode&);
    /// Of a file that has one.
    DataFiles::File data(const Inode&) const;
    DataFiles::File data_for_change(Inode&, std::uint64_t size);
    DataFiles::File make_data(Inode&, InodeRow, std::uint64_t size);
    void load_blocks(Inode&, int fd) const;
    void finish_cut(Inode&, int fd);
    void account(Inode&, int fd);
    view::Refusal check_room(const Inode&, int fd, Range) const;

    void copy(const Inode&, Range, Bytes& out) const;
    void read_below(const Inode&, Range, view::ReadSink&) const;
    view::Refusal write_over(Inode&, int fd, Range, ByteView);
    view::Refusal write_zeros(Inode&, int fd, Range);
    view::Refusal make_zeros(Inode&, int fd, Range);
    view::Refusal replace_by_nothing(Inode&);
    std::uint64_t lower_end_block(const Inode&) const;
    void forget_blocks_behind(Inode&, std::uint64_t size) const;
    /// Writes it; then it is the inode's.
    void save(Inode&, const InodeRow&);

    const store::ObjectCache& cache_;
    store::LocalTable& table_;
    DataFiles& files_;
    const FileClock& clock_;
};

}  // namespace yore::clone
