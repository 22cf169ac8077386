// SPDX-License-Identifier: Apache-2.0
/// `postgresql.conf` and the like: what their lines say, and how values are written.
///
/// Grammar: PostgreSQL's src/backend/utils/misc/guc-file.l. A line is `name = value`, `name value`,
/// or a comment; of several lines for one name, over all files, the last counts.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace yore::postgresql {

struct ConfigEntry {
    std::string name;  ///< in lower case: PostgreSQL does not tell cases apart
    std::string value;
    bool operator==(const ConfigEntry&) const = default;
};

/// Of one line, without its end. A comment, a blank line, or what PostgreSQL does not read either:
/// nullopt.
std::optional<ConfigEntry> parse_config_line(std::string_view line);
std::vector<std::string_view> lines_of(std::string_view text);  ///< without their ends

/// In quotes, so that it is read as this value whatever it holds. It may hold no NUL:
/// Errc::invalid.
std::string quoted_config_value(std::string_view value);

/// A file or directory that a file of settings names.
enum class ConfigPlace { in_tree, outside };
/// Below the data directory when `path`, seen from `directory` (which is below it; "": itself),
/// is relative and does not climb out. Links are not followed.
ConfigPlace place_of(std::string_view path, std::string_view directory);
/// Of one in the tree: from the data directory, without `.` and `..`.
std::string path_in_tree(std::string_view path, std::string_view directory);

}  // namespace yore::postgresql
