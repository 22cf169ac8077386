// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include <yore/command/text.h>

#include <algorithm>
#include <array>

#include <sys/ioctl.h>

namespace yore::cli {
namespace {

struct Character {
    char32_t code = 0;
    std::size_t bytes = 0;
};

/// The first character; `text` starts with a well-formed one.
Character decode(std::string_view text) {
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(text[at]); };
    if (byte(0) < 0x80) return {byte(0), 1};
    const std::size_t bytes = byte(0) < 0xe0 ? 2 : byte(0) < 0xf0 ? 3 : 4;
    char32_t code = byte(0) & (0xffu >> (bytes + 1));
    for (std::size_t i = 1; i < bytes; ++i) code = code << 6 | (byte(i) & 0x3fu);
    return {code, bytes};
}

bool is_dangerous(char32_t code) {
    if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
    return (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
}

std::string escape(char32_t code) {
    if (code == '\n') return "\\n";
    if (code == '\t') return "\\t";
    if (code < 0x100) return fmt::format("\\x{:02x}", static_cast<std::uint32_t>(code));
    return fmt::format("\\u{{{:x}}}", static_cast<std::uint32_t>(code));
}

/// The longest prefix that is UTF-8, looking at one character: 1 to 4 bytes. None: 0.
std::size_t character_bytes(std::string_view text) {
    for (std::size_t bytes = 1; bytes <= std::min<std::size_t>(4, text.size()); ++bytes)
        if (command::is_utf8(text.substr(0, bytes))) return bytes;
    return 0;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string shown;
    shown.reserve(text.size());
    while (!text.empty()) {
        const std::size_t bytes = character_bytes(text);
        if (bytes == 0) {
            shown += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[0]));
            text.remove_prefix(1);
            continue;
        }
        const Character character = decode(text);
        if (character.code == '\\') {
            shown += "\\\\";
        } else if (is_dangerous(character.code)) {
            shown += escape(character.code);
        } else {
            shown += text.substr(0, bytes);
        }
        text.remove_prefix(bytes);
    }
    return shown;
}

std::size_t columns_of(std::string_view utf8) {
    return static_cast<std::size_t>(std::ranges::count_if(
        utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

std::size_t terminal_width(int fd) {
    winsize size{};
    if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

void Table::add(std::vector<std::string> cells) {
    rows_.push_back(std::move(cells));
}

std::string Table::text() const {
    std::vector<std::size_t> widths(aligns_.size());
    for (const auto& row : rows_)
        for (std::size_t i = 0; i < row.size() && i < widths.size(); ++i)
            widths[i] = std::max(widths[i], columns_of(row[i]));
    std::string text;
    for (const auto& row : rows_) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            const bool last = i + 1 == row.size();
            const std::string padding(widths[i] - columns_of(row[i]), ' ');
            if (aligns_[i] == Align::right) text += padding;
            text += row[i];
            if (aligns_[i] == Align::left && !last) text += padding;
            text += last ? "\n" : "  ";
        }
    }
    return text;
}

}  // namespace yore::cli
