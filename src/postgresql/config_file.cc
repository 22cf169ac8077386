// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/base/path.h>
#include <yore/postgresql/config_file.h>

#include <algorithm>
#include <cctype>

namespace yore::postgresql {
namespace {

bool is_letter(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & '\x80') != 0;
}
bool is_digit(char c) {
    return c >= '0' && c <= '9';
}
bool is_name_part(char c) {
    return is_letter(c) || is_digit(c);
}
bool is_value_part(char c) {
    return is_name_part(c) || std::string_view("-._:/+").find(c) != std::string_view::npos;
}

template <typename Predicate>
std::string_view take_while(std::string_view& text, Predicate&& takes) {
    const auto end = std::ranges::find_if_not(text, takes);
    const auto taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(taken.size());
    return taken;
}

void skip_blanks(std::string_view& text) {
    take_while(text, [](char c) { return c == ' ' || c == '\t' || c == '\r'; });
}

/// `work_mem`, `pg_stat_statements.max`.
std::optional<std::string> take_name(std::string_view& text) {
    std::string name;
    for (;;) {
        if (text.empty() || !is_letter(text.front())) return std::nullopt;
        name += take_while(text, is_name_part);
        if (text.empty() || text.front() != '.') break;
        name += '.';
        text.remove_prefix(1);
    }
    std::ranges::transform(name, name.begin(), [](unsigned char c) {
        return c < 0x80 ? static_cast<char>(std::tolower(c)) : static_cast<char>(c);
    });
    return name;
}

/// What a backslash makes of what is behind it, which goes.
char take_escaped(std::string_view& text) {
    if (text.front() >= '0' && text.front() <= '7') {
        unsigned code = 0;
        for (int digits = 0; digits < 3 && !text.empty(); ++digits, text.remove_prefix(1)) {
            if (text.front() < '0' || text.front() > '7') break;
            code = code * 8 + static_cast<unsigned>(text.front() - '0');
        }
        return static_cast<char>(code);
    }
    constexpr std::string_view letters = "bfnrt", meanings = "\b\f\n\r\t";
    const auto found = letters.find(text.front());
    const char meant = found == letters.npos ? text.front() : meanings[found];
    text.remove_prefix(1);
    return meant;
}

std::optional<std::string> take_quoted(std::string_view& text) {
    std::string value;
    text.remove_prefix(1);
    while (!text.empty()) {
        const char c = text.front();
        text.remove_prefix(1);
        if (c == '\'' && !text.starts_with('\'')) return value;
        if (c == '\\' && text.empty()) return std::nullopt;
        if (c == '\'') text.remove_prefix(1);
        value += c == '\\' ? take_escaped(text) : c;
    }
    return std::nullopt;
}

std::optional<std::string> take_value(std::string_view& text) {
    if (text.starts_with('\'')) return take_quoted(text);
    const auto value = take_while(text, is_value_part);
    if (value.empty()) return std::nullopt;
    return std::string(value);
}

/// The names of a path from the data directory; leaves it: nullopt.
std::optional<std::vector<std::string_view>> names_of(std::string_view directory,
                                                      std::string_view path) {
    if (path.starts_with('/')) return std::nullopt;
    std::vector<std::string_view> names;
    for (std::string_view part : {directory, path}) {
        while (!part.empty()) {
            const auto name = take_while(part, [](char c) { return c != '/'; });
            if (!part.empty()) part.remove_prefix(1);
            if (name == "..") {
                if (names.empty()) return std::nullopt;
                names.pop_back();
            } else if (!name.empty() && name != ".") {
                names.push_back(name);
            }
        }
    }
    return names;
}

}  // namespace

std::optional<ConfigEntry> parse_config_line(std::string_view line) {
    skip_blanks(line);
    auto name = take_name(line);
    if (!name) return std::nullopt;
    skip_blanks(line);
    if (line.starts_with('=')) line.remove_prefix(1);
    skip_blanks(line);
    auto value = take_value(line);
    if (!value) return std::nullopt;
    return ConfigEntry{std::move(*name), std::move(*value)};
}

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

std::string quoted_config_value(std::string_view value) {
    std::string quoted = "'";
    for (const char c : value) {
        if (c == '\0') throw Error(Errc::invalid, "a setting's value holds a NUL");
        if (c == '\n')
            quoted += "\\n";
        else if (c == '\'' || c == '\\')
            quoted += {c, c};
        else
            quoted += c;
    }
    return quoted + "'";
}

ConfigPlace place_of(std::string_view path, std::string_view directory) {
    return names_of(directory, path) ? ConfigPlace::in_tree : ConfigPlace::outside;
}

std::string path_in_tree(std::string_view path, std::string_view directory) {
    const auto names = names_of(directory, path);
    YORE_ENSURE(names);
    std::string joined;
    for (const auto name : *names) joined = join_path(joined, name);
    return joined;
}

}  // namespace yore::postgresql
