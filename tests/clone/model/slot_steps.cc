// SPDX-License-Identifier: Apache-2.0
/// Operations on the bytes of files, most through descriptors that stay open.
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/falloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include "model/digest.h"
#include "model/steps.h"

namespace yore::test {
namespace {

std::size_t any_slot(Choices& choices) {
    return choices.below(Side::slot_count);
}

/// Whether it can be opened without a device's driver, or another process, having a say.
bool is_plain(const std::string& path) {
    struct stat stat {};
    if (::stat(path.c_str(), &stat) != 0) return true;
    return S_ISREG(stat.st_mode) || S_ISDIR(stat.st_mode);
}

Step open_file(Choices& choices) {
    const bool is_new = choices.one_in(3);
    const std::string path = is_new ? choices.new_path() : choices.file();
    const int flags = choices.of<int>({O_RDONLY, O_WRONLY, O_RDWR, O_RDWR, O_RDWR, O_RDWR}) |
                      (is_new || choices.one_in(3) ? O_CREAT : 0) |
                      choices.of<int>({0, 0, 0, 0, 0, 0, O_EXCL, O_TRUNC, O_TRUNC, O_APPEND,
                                       O_APPEND, O_NOFOLLOW, O_DIRECTORY});
    const mode_t mode = choices.of<mode_t>({0644, 0666, 0600, 0, 04755});
    const mode_t mask = choices.of<mode_t>({0, 022, 077});
    const std::size_t slot = any_slot(choices);
    if (flags & O_CREAT) choices.add(path);
    return {fmt::format("open {} {:#o} {:o}, umask {:o}, in slot {}", quoted(path), flags, mode,
                        mask, slot),
            [=](Side& side) {
                const std::string at = side.at(path);
                if (!is_plain(at)) return Outcome{};
                ::umask(mask);
                return side.keep(slot, ::open(at.c_str(), flags | O_CLOEXEC, mode));
            },
            {parent_of(path)}};
}

Step close_file(Choices& choices) {
    const std::size_t slot = any_slot(choices);
    return {fmt::format("close slot {}", slot), [=](Side& side) { return side.close(slot); }};
}

Step write_at(Choices& choices) {
    const std::size_t slot = any_slot(choices);
    const auto offset = static_cast<off_t>(choices.offset());
    const std::string bytes = choices.bytes(choices.length());
    return {fmt::format("pwrite slot {}, {} bytes at {}", slot, bytes.size(), offset),
            [=](Side& side) {
                return outcome_of(::pwrite(side.slot(slot), bytes.data(), bytes.size(), offset));
            },
            {},
            slot};
}

/// At the position of the descriptor, or at the end with O_APPEND.
Step write_on(Choices& choices) {
    const std::size_t slot = any_slot(choices);
    const std::string bytes = choices.bytes(choices.length());
    return {fmt::format("write slot {}, {} bytes", slot, bytes.size()),
            [=](Side& side) {
                return outcome_of(::write(side.slot(slot), bytes.data(), bytes.size()));
            },
            {},
            slot};
}

Step read_at(Choices& choices) {
    const std::size_t slot = any_slot(choices);
    const auto offset = static_cast<off_t>(choices.offset());
    const std::uint64_t length = choices.length();
    return {fmt::format("pread slot {}, {} bytes at {}", slot, length, offset), [=](Side& side) {
                std::string bytes(length, '\0');
                const ssize_t count = ::pread(side.slot(slot), bytes.data(), length, offset);
                Outcome outcome = outcome_of(count);
                if (count > 0)
                    outcome.seen = digest_of({bytes.data(), static_cast<std::size_t>(count)});
                return outcome;
            }};
}

Step truncate_path(Choices& choices) {
    const std::string path = choices.file();
    const auto size = static_cast<off_t>(choices.offset());
    return {fmt::format("truncate {} to {}", quoted(path), size),
            [=](Side& side) { return outcome_of(::truncate(side.at(path).c_str(), size)); }};
}

Step truncate_open(Choices& choices) {
    const std::size_t slot = any_slot(choices);
    const auto size = static_cast<off_t>(choices.offset());
    return {fmt::format("ftruncate slot {} to {}", slot, size),
            [=](Side& side) { return outcome_of(::ftruncate(side.slot(slot), size)); },
            {},
            slot};
}

/// Whether times change where nothing else does is not said anywhere: afterwards, they have.
Step allocate(Choices& choices) {
    const std::size_t slot = any_slot(choices);
    const int mode =
        choices.of<int>({0, FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                         FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, FALLOC_FL_ZERO_RANGE,
                         FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE});
    const auto offset = static_cast<off_t>(choices.offset());
    const auto length = static_cast<off_t>(choices.length());
    return {
        fmt::format("fallocate slot {}, mode {:#x}, {} bytes at {}", slot, mode, length, offset),
        [=](Side& side) {
            const Outcome outcome = outcome_of(::fallocate(side.slot(slot), mode, offset, length));
            if (outcome.result == 0) ::futimens(side.slot(slot), nullptr);
            return outcome;
        },
        {},
        std::nullopt,
        false};
}

Step sync_file(Choices& choices) {
    const std::size_t slot = any_slot(choices);
    const bool data_only = choices.one_in(2);
    return {fmt::format("{} slot {}", data_only ? "fdatasync" : "fsync", slot), [=](Side& side) {
                const int fd = side.slot(slot);
                return outcome_of(data_only ? ::fdatasync(fd) : ::fsync(fd));
            }};
}

Step copy_range(Choices& choices) {
    const std::size_t from = any_slot(choices), to = any_slot(choices);
    const auto read_from = static_cast<off_t>(choices.offset());
    const auto write_to = static_cast<off_t>(choices.offset());
    const std::uint64_t length = choices.length();
    return {fmt::format("copy_file_range slot {} at {} to slot {} at {}, {} bytes", from, read_from,
                        to, write_to, length),
            [=](Side& side) {
                off_t in = read_from, out = write_to;
                return outcome_of(
                    ::copy_file_range(side.slot(from), &in, side.slot(to), &out, length, 0));
            }};
}

/// Of files that have lost their name too.
Step describe_open(Choices& choices) {
    const std::size_t slot = any_slot(choices);
    return {fmt::format("describe slot {}", slot), [=](Side& side) {
                struct stat stat {};
                Outcome outcome = outcome_of(::fstat(side.slot(slot), &stat));
                if (outcome.result != 0) return outcome;
                const off_t size = S_ISDIR(stat.st_mode) ? 0 : stat.st_size;
                outcome.seen = fmt::format("{:o} links {} of {}:{} size {}", stat.st_mode,
                                           stat.st_nlink, stat.st_uid, stat.st_gid, size);
                const int flags = ::fcntl(side.slot(slot), F_GETFL);
                if (S_ISREG(stat.st_mode) && (flags & O_ACCMODE) != O_WRONLY)
                    outcome.seen += " " + digest_of_file(side.slot(slot));
                return outcome;
            }};
}

}  // namespace

std::vector<StepKind> slot_steps() {
    return {{50, open_file}, {6, close_file},    {40, write_at},      {20, write_on},
            {12, read_at},   {8, truncate_path}, {10, truncate_open}, {24, allocate},
            {4, sync_file},  {8, copy_range},    {8, describe_open}};
}

}  // namespace yore::test
