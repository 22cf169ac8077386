// SPDX-License-Identifier: Apache-2.0
#include "server/config_table.h"

#include <algorithm>
#include <filesystem>
#include <numeric>
#include <utility>

#include <fmt/format.h>

namespace yore::server {
namespace {

/// Levenshtein: how many letters to put in, take out or change.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t changed = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, changed});
        }
    }
    return row.back();
}

std::string_view kind_of(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::table:
            return "a table";
        case toml::node_type::array:
            return "a list";
        case toml::node_type::string:
            return "a text";
        case toml::node_type::integer:
        case toml::node_type::floating_point:
            return "a number";
        case toml::node_type::boolean:
            return "true or false";
        default:
            return "a time";
    }
}

bool climbs(const std::string& path) {
    return std::ranges::any_of(std::filesystem::path(path),
                               [](const auto& part) { return part == ".."; });
}

}  // namespace

std::optional<std::string> nearest_word(std::string_view typed,
                                        const std::vector<std::string>& known) {
    constexpr std::size_t letters_max = 64;  // what is longer resembles none of our words
    if (typed.size() > letters_max) return std::nullopt;
    std::string word(typed);
    std::ranges::replace(word, '-', '_');
    const std::string* nearest = nullptr;
    std::size_t least = 0;
    for (const std::string& candidate : known) {
        const std::size_t far = distance(word, candidate);
        if (far > std::max(word.size(), candidate.size()) / 2) continue;
        if (nearest != nullptr && far >= least) continue;
        nearest = &candidate;
        least = far;
    }
    return nearest == nullptr ? std::nullopt : std::optional(*nearest);
}

ConfigTable::ConfigTable(const toml::table& table, std::string name,
                         std::vector<ConfigMistake>& mistakes)
    : table_(table), name_(std::move(name)), mistakes_(mistakes) {}

const toml::node* ConfigTable::find(const std::string& key) {
    known_.push_back(key);
    return table_.get(key);
}

void ConfigTable::refuse(const std::string& key, std::string text, std::string hint) {
    const toml::node* node = table_.get(key);
    const auto line = (node == nullptr ? table_.source() : node->source()).begin.line;
    mistakes_.push_back({std::max(line, 1u), name_ + key, std::move(text), std::move(hint)});
}

void ConfigTable::refuse_kind(const std::string& key, const toml::node& node,
                              std::string_view wanted) {
    refuse(key, fmt::format("{} is needed, not {}", wanted, kind_of(node)));
}

std::optional<std::string> ConfigTable::text(const std::string& key) {
    const auto* node = find(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<std::string>();
    if (!value) {
        refuse_kind(key, *node, "a text");
    } else if (value->empty()) {
        refuse(key, "it is empty");
    } else if (value->find('\0') != std::string::npos) {
        refuse(key, "a zero byte cannot be in it");
    } else {
        return value;
    }
    return std::nullopt;
}

std::optional<std::string> ConfigTable::path(const std::string& key) {
    const auto value = text(key);
    if (!value) return std::nullopt;
    if (!value->starts_with('/')) {
        refuse(key, fmt::format("{} is not an absolute path", *value));
        return std::nullopt;
    }
    if (climbs(*value)) {
        refuse(key, fmt::format("{} has `..` in it", *value));
        return std::nullopt;
    }
    auto normal = std::filesystem::path(*value).lexically_normal().string();
    while (normal.size() > 1 && normal.ends_with('/')) normal.pop_back();
    return normal;
}

std::optional<bool> ConfigTable::flag(const std::string& key) {
    const auto* node = find(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<bool>();
    if (!value) refuse_kind(key, *node, "true or false");
    return value;
}

std::optional<std::uint32_t> ConfigTable::number(const std::string& key) {
    const auto* node = find(key);
    if (node == nullptr) return std::nullopt;
    const auto value = node->value_exact<std::int64_t>();
    constexpr auto most = std::numeric_limits<std::uint32_t>::max();
    if (value && *value >= 0 && *value <= most) return static_cast<std::uint32_t>(*value);
    if (value)
        refuse(key, fmt::format("{} is not from 0 to {}", *value, most));
    else
        refuse_kind(key, *node, "a whole number");
    return std::nullopt;
}

std::vector<std::string> ConfigTable::texts(const std::string& key) {
    const auto* node = find(key);
    if (node == nullptr) return {};
    if (!node->is_array()) {
        refuse_kind(key, *node, "a list of texts");
        return {};
    }
    std::vector<std::string> texts;
    for (const toml::node& item : *node->as_array()) {
        const auto value = item.value_exact<std::string>();
        if (value && value->find('\0') == std::string::npos) {
            texts.push_back(*value);
            continue;
        }
        mistakes_.push_back(
            {item.source().begin.line,
             name_ + key,
             value ? "a zero byte cannot be in it"
                   : fmt::format("a list of texts is needed, and {} is in it", kind_of(item)),
             {}});
    }
    return texts;
}

std::optional<ConfigTable> ConfigTable::table(const std::string& key) {
    const auto* node = find(key);
    if (node == nullptr) return std::nullopt;
    if (const auto* table = node->as_table()) return ConfigTable(*table, key + ".", mistakes_);
    refuse(key, fmt::format("it begins with a line [{}]", key));
    return std::nullopt;
}

std::vector<ConfigTable> ConfigTable::tables(const std::string& key) {
    const auto* node = find(key);
    if (node == nullptr) return {};
    std::vector<ConfigTable> tables;
    const auto* list = node->as_array();
    if (list == nullptr || !list->is_homogeneous(toml::node_type::table)) {
        refuse(key, fmt::format("each begins with a line [[{}]]", key));
        return tables;
    }
    for (const toml::node& item : *list)
        tables.emplace_back(*item.as_table(), key + ".", mistakes_);
    return tables;
}

void ConfigTable::require(const std::string& key) {
    if (!has(key)) refuse(key, "it is missing");
}

void ConfigTable::reserve(const std::string& key, const std::string& text,
                          const std::string& hint) {
    if (find(key) != nullptr) refuse(key, text, hint);
}

void ConfigTable::finish() {
    for (const auto& [key, node] : table_) {
        const std::string word(key.str());
        if (std::ranges::count(known_, word) > 0) continue;
        const auto nearest = nearest_word(word, known_);
        mistakes_.push_back({key.source().begin.line, name_ + word, "there is no such key",
                             nearest ? fmt::format("is {} meant?", *nearest) : std::string()});
    }
}

}  // namespace yore::server
