// SPDX-License-Identifier: Apache-2.0
/// The names of sources and snapshots.
#include <yore/base/error.h>
#include <yore/catalog/catalog.h>

#include <algorithm>

namespace yore::catalog {
namespace {

constexpr std::int64_t ns_in_second = 1'000'000'000;
constexpr std::size_t second_text_bytes = 20;  // 2026-11-21T02-00-00Z
constexpr std::size_t ordinal_text_bytes = 5;  // -0002

bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

/// Also of moments before 1970.
std::int64_t floor_to_second(Timestamp time) {
    return time.ns / ns_in_second - (time.ns % ns_in_second < 0 ? 1 : 0);
}

std::optional<std::uint32_t> parse_ordinal(std::string_view text) {
    if (text.empty()) return 1;
    if (text.size() != ordinal_text_bytes) return std::nullopt;
    std::uint32_t ordinal = 0;
    for (char digit : text.substr(1)) {
        if (digit < '0' || digit > '9') return std::nullopt;
        ordinal = ordinal * 10 + static_cast<std::uint32_t>(digit - '0');
    }
    return ordinal;
}

[[noreturn]] void refuse(std::string_view whose, std::string_view name, std::string_view why) {
    throw Error(Errc::invalid, fmt::format("{} name {}: {}", whose, name, why),
                {"1 to 100 letters, digits, `.`, `_` or `-`, starting with a letter or digit"});
}

void check_name(std::string_view whose, std::string_view name) {
    if (name.empty() || name.size() > 100) refuse(whose, name, "its length is not 1 to 100");
    if (!std::ranges::all_of(name, is_name_byte))
        refuse(whose, name, "it has a character that names cannot hold");
    if (name[0] == '.' || name[0] == '-') refuse(whose, name, "it starts with `.` or `-`");
}

}  // namespace

void check_source_name(std::string_view name) {
    check_name("source", name);
    if (name == "at" || name == "README.txt")
        refuse("source", name, "the mount uses it for itself");
}

void check_clone_name(std::string_view name) {
    check_name("clone", name);
}

std::string_view name_of(SourceKind kind) {
    switch (kind) {
        case SourceKind::directory:
            return "directory";
        case SourceKind::stream:
            return "stream";
        case SourceKind::postgresql:
            return "postgresql";
    }
    return "unknown";
}

std::string SnapshotName::text() const {
    std::string text = to_name(Timestamp::from_seconds(second));
    if (ordinal > 1) text += fmt::format("-{:04}", ordinal);
    return text;
}

std::optional<SnapshotName> SnapshotName::parse(std::string_view text) {
    if (text.size() < second_text_bytes) return std::nullopt;
    const auto time = parse_time(text.substr(0, second_text_bytes), Timestamp{});
    const auto ordinal = parse_ordinal(text.substr(second_text_bytes));
    if (!time || !ordinal) return std::nullopt;
    const SnapshotName name{floor_to_second(*time), *ordinal};
    // The other ways to write a time, and ordinals that are written differently, are no names.
    return name.text() == text ? std::optional(name) : std::nullopt;
}

SnapshotName SnapshotName::after(std::optional<SnapshotName> newest, Timestamp now) {
    const SnapshotName by_clock{floor_to_second(now), 1};
    if (!newest || by_clock > *newest) return by_clock;
    if (newest->ordinal < ordinal_max) return {newest->second, newest->ordinal + 1};
    return {newest->second + 1, 1};
}

}  // namespace yore::catalog
