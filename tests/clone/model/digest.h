// SPDX-License-Identifier: Apache-2.0
/// Short texts that tell contents and trees apart.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include <sys/stat.h>

namespace yore::test {

std::string digest_of(std::string_view bytes);

/// Of a file's bytes, whatever holes it has; a sparse one is not read where it has none. Damage in
/// itself (its data and holes are not what a read gives) is told in the text.
std::string digest_of_file(int fd);

/// What is told of one file: kind, mode, owners, links, size, bytes, target, attributes. Times only
/// if they were set to long ago: others differ by themselves.
std::string description_of(const std::string& path, const struct stat&);

/// All of a tree: descriptions by path, relative to it; hard links name the first of their paths.
std::map<std::string, std::string> description_of_tree(const std::string& top);

}  // namespace yore::test
