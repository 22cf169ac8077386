// SPDX-License-Identifier: Apache-2.0
/// Paths as text, in names with `/` between them: absolute, or from a top that is "". Nothing looks
/// at a file system.
#pragma once

#include <string>
#include <string_view>

namespace yore {

/// With a slash between them, unless one is empty.
inline std::string join_path(std::string_view directory, std::string_view name) {
    std::string path(directory);
    if (!directory.empty() && !name.empty()) path += '/';
    return path.append(name);
}

/// Of a name right in the top: the top.
inline std::string_view directory_of(std::string_view path) {
    const auto slash = path.rfind('/');
    return path.substr(0, slash == path.npos ? 0 : slash);
}

/// Strictly. All but itself is below the top, and below `/`.
inline bool is_below(std::string_view path, std::string_view directory) {
    if (path.size() <= directory.size() || !path.starts_with(directory)) return false;
    return directory.empty() || directory.back() == '/' || path[directory.size()] == '/';
}
inline bool is_at_or_below(std::string_view path, std::string_view directory) {
    return path == directory || is_below(path, directory);
}

}  // namespace yore
