// SPDX-License-Identifier: Apache-2.0
/// Small files, read and replaced whole; the durable way to do each step.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/fd.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace yore {

/// Opens with O_CLOEXEC added. Throws with the code of the errno.
Fd open_file(const std::string& path, int flags, unsigned mode = 0600);
/// The whole file, at most `bytes_max` (more is `corrupt`). Absent: nullopt.
std::optional<Bytes> read_file(const std::string& path, std::size_t bytes_max = 64u << 20);
/// Replaces `path` by a rename; durable (file and directory synced) when it returns. A crash leaves
/// the old or the new content, and perhaps a file `.yore-XXXXXX` beside it. On an error the old
/// content is there still, unless only the last step, syncing the directory, failed.
void replace_file(const std::string& path, ByteView content, unsigned mode = 0600);
/// Removes the files `.yore-XXXXXX` that interrupted calls of `replace_file` left in `directory`.
/// Nobody else may be replacing files there. Returns how many there were.
std::size_t remove_interrupted_replacements(const std::string& directory);
/// Reads at `offset` until `into` is full or the file ends; returns the bytes read.
std::size_t read_at(int fd, std::uint64_t offset, MutableBytes into);
/// Writes all of `content` to `fd` at its position.
void write_all(int fd, ByteView content);
void write_at(int fd, std::uint64_t offset, ByteView content);
void sync_file(int fd, std::string_view path);
void sync_directory(const std::string& path);
/// Makes `path` and its parents, each durable. Not a directory: `exists`. Returns whether `path` is
/// new.
bool make_directories(const std::string& path, unsigned mode = 0700);

}  // namespace yore
