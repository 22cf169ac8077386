// SPDX-License-Identifier: Apache-2.0
#include "ingest/file_intake.h"

#include <yore/tree/uncertain.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace yore::ingest {
namespace {

constexpr int attempts_max = 3;
/// A file that changes all the time is not read again when that would cost more than this.
constexpr std::uint64_t reread_bytes_max = 1u << 30;
constexpr std::size_t magic_bytes = 4096;
constexpr ssize_t target_bytes_max = 4095;  // Linux allows no more, and the tree keeps no more
constexpr std::uint64_t read_ahead_from = 1u << 20;

/// The next run of data at or after `from`. None: an empty run at `size`, or before it when the
/// file ends there by now. A file system that cannot tell has data everywhere.
ByteRun next_run(int fd, std::uint64_t from, std::uint64_t size) {
    const off_t data = ::lseek(fd, static_cast<off_t>(from), SEEK_DATA);
    if (data < 0 && errno == ENXIO) {
        const off_t end = ::lseek(fd, 0, SEEK_END);
        const std::uint64_t stop = end < 0 ? size : std::min(static_cast<std::uint64_t>(end), size);
        return {std::max(stop, from), std::max(stop, from)};
    }
    if (data < 0) return {from, size};
    const off_t hole = ::lseek(fd, data, SEEK_HOLE);
    const std::uint64_t start = std::min(static_cast<std::uint64_t>(data), size);
    return {start, hole < 0 ? size : std::min(static_cast<std::uint64_t>(hole), size)};
}

/// Another file, or none, is under the name now.
bool is_replaced(int error) {
    return error == ENOENT || error == ELOOP || error == ENXIO || error == ENOTDIR ||
           error == EISDIR || error == ESTALE;
}

bool holds_data(const tree::Extent& extent) {
    return extent.chunk.has_value();
}

}  // namespace

/// One file while it is read.
struct FileIntake::Reading {
    const Place& place;
    FileStatus& status;  ///< before the last reading
    std::shared_ptr<StoredContent> stored = {};
    tree::Content stored_content = {};

    Fd fd = {};
    AddEntry add = {};
    std::uint64_t size = 0;  ///< read, holes included
    ByteView small = {};     ///< the data of a small file
    int error = 0;

    void add_extent(std::uint64_t length, bool data) {
        if (length == 0) return;
        tree::Extent extent{length, std::nullopt, 0};
        if (data) {
            extent.chunk = ChunkId{};
            extent.offset = static_cast<std::uint32_t>(small.size());
        }
        add.entry.content.extents.push_back(extent);
        size += length;
    }
};

FileIntake::FileIntake(const Parts& parts) : parts_(parts), small_(parts.sizes.file_below) {}

FileIntake::Result FileIntake::fail(const Place& place, std::string_view action, int error) {
    parts_.problems.add(place.path, fmt::format("{}: {}", action, reason_of(error)));
    return Result::failed;
}

tree::Entry FileIntake::describe(const Place& place, int fd, const FileStatus& status, OpenAs as) {
    const auto failed = [&](std::string_view what, int error) {
        parts_.problems.add(place.path,
                            fmt::format("extended attribute {}: {}", what, reason_of(error)));
    };
    tree::Entry entry;
    entry.name = place.name;
    entry.attributes = status.attributes;
    entry.attributes.file_system = place.file_system;
    entry.attributes.link_count = std::max(entry.attributes.link_count, 1u);
    entry.xattrs =
        as == OpenAs::place ? parts_.xattrs.read_place(fd, failed) : parts_.xattrs.read(fd, failed);
    return entry;
}

tree::Entry FileIntake::describe_directory(const Place& place, int fd, const FileStatus& status) {
    return describe(place, fd, status, OpenAs::directory);
}

FileIntake::Result FileIntake::add_special(const Place& place, FileStatus& status) {
    int error = 0;
    const Fd fd = open_at(place.directory, place.name, OpenAs::place, error);
    if (is_replaced(error)) return Result::replaced;
    if (!fd) return fail(place, "open", error);
    const tree::FileKind kind = status.attributes.kind;
    if ((error = look(fd, status)) != 0) return fail(place, "stat", error);
    if (status.attributes.kind != kind) return Result::replaced;
    AddEntry add{describe(place, fd.get(), status, OpenAs::place)};
    if (kind == tree::FileKind::symlink) {
        add.entry.target.resize(64u << 10);
        const ssize_t length =
            ::readlinkat(fd.get(), "", add.entry.target.data(), add.entry.target.size());
        if (length < 0) return fail(place, "read link", errno);
        add.entry.target.resize(static_cast<std::size_t>(length));
        if (length == 0 || length > target_bytes_max) return fail(place, "read link", EINVAL);
        add.entry.attributes.size = add.entry.target.size();
    }
    parts_.outbox.send(std::move(add));
    return Result::added;
}

FileIntake::Result FileIntake::add_regular(const Place& place, FileStatus& status,
                                           const tree::EntryView* before, std::uint32_t& link) {
    Reading reading{place, status};
    if (before != nullptr && before->kind() == tree::FileKind::regular) {
        reading.stored = std::make_shared<StoredContent>(parts_.cache, *before);
        reading.stored_content = before->content();
    }
    std::uint64_t budget = reread_bytes_max;
    for (int attempt = 1;; ++attempt) {
        if (const auto end = open(reading)) return *end;
        read(reading);
        if (reading.error != 0) return fail(place, "read", reading.error);
        FileStatus after;
        if (const int error = status_of(reading.fd.get(), after)) return fail(place, "stat", error);
        if (reading.size == status.size && after.unchanged_since(status)) break;
        if (attempt == attempts_max || reading.size > budget) {
            parts_.problems.add(place.path, "changed while it was read");
            tree::mark_uncertain(reading.add.entry);
            link = 0;
            break;
        }
        budget -= reading.size;
    }
    reading.add.link = link;
    send(reading);
    return Result::added;
}

FileIntake::Result FileIntake::add_as_before(const Place& place, FileStatus& status,
                                             const tree::EntryView& before) {
    const FileStatus seen = status;
    Reading reading{place, status};
    if (const auto end = open(reading)) return *end;
    if (!status.unchanged_since(seen)) return Result::replaced;
    reading.add.entry.content = before.content();
    parts_.outbox.send(std::move(reading.add));
    return Result::added;
}

/// Nothing: it is open.
std::optional<FileIntake::Result> FileIntake::open(Reading& reading) {
    const Place& place = reading.place;
    const std::uint64_t device = reading.status.device;
    int error = 0;
    reading.fd = open_at(place.directory, place.name, OpenAs::content, error);
    if (is_replaced(error)) return Result::replaced;
    if (!reading.fd) return fail(place, "open", error);
    if ((error = look_settled(reading)) != 0) return fail(place, "stat", error);
    if (reading.status.attributes.kind != tree::FileKind::regular ||
        reading.status.device != device)
        return Result::replaced;
    reading.add = {describe(place, reading.fd.get(), reading.status, OpenAs::content)};
    reading.size = 0;
    reading.small = {};
    return std::nullopt;
}

int FileIntake::look(const Fd& fd, FileStatus& status) const {
    const int error = status_of(fd.get(), status);
    if (error == 0 && parts_.links != nullptr) parts_.links->correct(status);
    return error;
}

/// 0, or the errno. Whatever changes after it shows in the file's times.
int FileIntake::look_settled(Reading& reading) {
    if (const int error = look(reading.fd, reading.status)) return error;
    const Timestamp changed = reading.status.attributes.changed, now = parts_.clock.now();
    if (now < changed || ns_between(changed, now) > clock_tick_ns) return 0;
    std::this_thread::sleep_for(std::chrono::nanoseconds(clock_tick_ns - ns_between(changed, now)));
    return look(reading.fd, reading.status);
}

void FileIntake::read(Reading& reading) {
    if (reading.status.size < parts_.sizes.file_below)
        read_small(reading);
    else
        read_large(reading);
}

std::size_t FileIntake::read_some(Reading& reading, std::uint64_t offset, MutableBytes into) {
    std::size_t done = 0;
    while (done < into.size()) {
        const ssize_t got = ::pread(reading.fd.get(), into.data() + done, into.size() - done,
                                    static_cast<off_t>(offset + done));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) reading.error = errno;
        if (got <= 0) break;
        done += static_cast<std::size_t>(got);
    }
    parts_.counters.bytes_read.add(done);
    return done;
}

void FileIntake::read_small(Reading& reading) {
    const std::uint64_t size = reading.status.size;
    while (reading.size < size) {
        const ByteRun run = next_run(reading.fd.get(), reading.size, size);
        reading.add_extent(run.start - reading.size, false);
        const std::size_t at = reading.small.size();
        const std::size_t got =
            read_some(reading, run.start, small_.span().subspan(at, run.size()));
        reading.add_extent(got, true);
        reading.small = {small_.data(), at + got};
        if (got < run.size() || run.size() == 0) return;
    }
}

void FileIntake::read_large(Reading& reading) {
    const int fd = reading.fd.get();
    const std::uint64_t size = reading.status.size;
    if (size >= read_ahead_from) ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    std::array<std::byte, magic_bytes> first;
    ByteRun run = next_run(fd, 0, size);
    const std::size_t first_size =
        run.start == 0 && run.size() > 0 ? read_some(reading, 0, first) : 0;
    const chunker::Cutting cutting = cutting_of(reading, ByteView(first).first(first_size));
    PieceCutter::HintsAt hints_at;
    if (cutting == chunker::Cutting::fixed && reading.stored)
        hints_at = [stored = reading.stored](std::uint64_t offset) {
            return store::ChunkHints{[stored, offset] { return stored->base_at(offset); }, {}};
        };
    reading.add.from = ContentFrom::pieces;
    parts_.outbox.send(BeginContent{});
    while (reading.size < size) {
        if (run.start > reading.size) parts_.outbox.send(Hole{run.start - reading.size});
        const std::uint64_t got = parts_.cutter.send(
            run, cutting,
            [&](std::uint64_t offset, MutableBytes into) {
                return read_some(reading, offset, into);
            },
            hints_at);
        reading.size = run.start + got;
        if (got < run.size() || run.size() == 0) return;
        if (reading.size < size) run = next_run(fd, reading.size, size);
    }
}

chunker::Cutting FileIntake::cutting_of(const Reading& reading, ByteView first_bytes) const {
    std::string_view parent = reading.place.path;
    parent.remove_suffix(std::min(parent.size(), std::string_view(reading.place.name).size() + 1));
    const std::string full = fmt::format("{}/{}", parts_.root, parent);
    return chunker::choose_cutting({reading.place.name, full, reading.status.size, first_bytes});
}

void FileIntake::send(Reading& reading) {
    AddEntry& add = reading.add;
    add.entry.attributes.size = reading.size;
    add.entry.content.size = reading.size;
    const auto& extents = add.entry.content.extents;
    const bool small_data = add.from == ContentFrom::entry && !reading.small.empty();
    if (!small_data) {
        parts_.outbox.send(std::move(add));
        return;
    }
    const bool whole = std::ranges::all_of(extents, holds_data);
    if (whole && reading.stored && reading.stored->equals(reading.small)) {
        add.entry.content = std::move(reading.stored_content);
        parts_.outbox.send(std::move(add));
    } else if (cutting_of(reading,
                          reading.small.first(std::min(reading.small.size(), magic_bytes))) ==
               chunker::Cutting::fixed) {
        send_pages(reading);
    } else {
        parts_.outbox.send_grouped(std::move(add), reading.small);
    }
}

/// A small file of pages: chunks of its own, so that a change is stored as a delta.
void FileIntake::send_pages(Reading& reading) {
    parts_.outbox.send(BeginContent{});
    std::uint64_t at = 0;
    for (const tree::Extent& extent : reading.add.entry.content.extents) {
        const ByteRun run{at, at + extent.length};
        at = run.end;
        if (!extent.chunk) {
            parts_.outbox.send(Hole{extent.length});
            continue;
        }
        const ByteView data = reading.small.subspan(extent.offset, extent.length);
        const auto copy = [&](std::uint64_t offset, MutableBytes into) {
            std::ranges::copy(data.subspan(offset - run.start, into.size()), into.begin());
            return into.size();
        };
        parts_.cutter.send(run, chunker::Cutting::fixed, copy, [&](std::uint64_t offset) {
            if (!reading.stored) return store::ChunkHints{};
            return store::ChunkHints{
                [stored = reading.stored, offset] { return stored->base_at(offset); }, {}};
        });
    }
    reading.add.from = ContentFrom::pieces;
    parts_.outbox.send(std::move(reading.add));
}

}  // namespace yore::ingest
