// SPDX-License-Identifier: Apache-2.0
/// Text for people on a terminal: stored names cannot play tricks there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace yore::cli {

/// Control characters (C0, DEL, C1), directional overrides and what is not UTF-8 come out as
/// `\n`, `\x1b`, `\u{202e}`; a backslash as `\\`. The result stays on its line.
std::string printable(std::string_view);

/// How many columns it takes, a character each.
std::size_t columns_of(std::string_view utf8);

/// The width of the terminal at `fd`; without one, 80.
std::size_t terminal_width(int fd);

/// Rows with their columns aligned, two spaces between; the last column is not padded.
class Table {
  public:
    enum class Align { left, right };
    explicit Table(std::vector<Align> columns) : aligns_(std::move(columns)) {}
    void add(std::vector<std::string> cells);
    std::string text() const;

  private:
    const std::vector<Align> aligns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace yore::cli
