// SPDX-License-Identifier: Apache-2.0
/// A text of SQL, as a user writes it into a file, one statement at a time.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace yore::command {

struct SqlStatement {
    std::string database;  ///< of the `\connect` before it; empty: none was there
    std::string text;      ///< without its semicolon, and without comments around it
    std::size_t line = 1;  ///< where it begins
    bool operator==(const SqlStatement&) const = default;
};

/// Semicolons in quotes, in dollar quotes, in comments and in parentheses end no statement, as in
/// psql; of its own commands there is `\connect NAME` (or `\c`), on a line of its own. Another one,
/// or a quote or comment that does not end: Errc::invalid, with its line.
std::vector<SqlStatement> split_sql(std::string_view);

}  // namespace yore::command
