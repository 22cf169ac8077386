// SPDX-License-Identifier: Apache-2.0
#include <yore/postgresql/segment_name.h>

#include <bit>

#include <fmt/format.h>

#include "postgresql/hex.h"

namespace yore::postgresql {
namespace {

constexpr std::size_t word_digits = 8;
constexpr std::size_t segment_digits = 3 * word_digits;

/// Takes a word of eight upper-case digits off the front. Another start: nullopt, nothing taken.
std::optional<std::uint32_t> take_word(std::string_view& text) {
    const auto digits = text.substr(0, word_digits);
    if (digits.size() != word_digits) return std::nullopt;
    if (digits.find_first_not_of("0123456789ABCDEF") != std::string_view::npos) return std::nullopt;
    text.remove_prefix(word_digits);
    return parse_hex32(digits);
}

std::uint64_t segments_per_log(SegmentSize size) {
    return (std::uint64_t{1} << 32) / size.bytes();
}

/// The kind by what follows the 24 digits; the offset is of a backup.
std::optional<LogFileName> with_suffix(LogFileName name, std::string_view suffix,
                                       SegmentSize size) {
    if (suffix.empty()) return name;
    if (suffix == ".partial") {
        name.kind = LogFileName::Kind::partial;
        return name;
    }
    if (!suffix.starts_with('.')) return std::nullopt;
    suffix.remove_prefix(1);
    const auto offset = take_word(suffix);
    if (!offset || *offset >= size.bytes() || suffix != ".backup") return std::nullopt;
    name.kind = LogFileName::Kind::backup_history;
    name.offset = *offset;
    return name;
}

}  // namespace

std::optional<SegmentSize> SegmentSize::of(std::uint64_t bytes) {
    if (bytes < 1u << 20 || bytes > 1u << 30 || !std::has_single_bit(bytes)) return std::nullopt;
    return SegmentSize(static_cast<std::uint32_t>(bytes));
}

std::string segment_name(Timeline timeline, SegmentNumber number, SegmentSize size) {
    const auto per_log = segments_per_log(size);
    return fmt::format("{:08X}{:08X}{:08X}", timeline.value, number.value / per_log,
                       number.value % per_log);
}

std::string to_text(const LogFileName& name, SegmentSize size) {
    using Kind = LogFileName::Kind;
    if (name.kind == Kind::timeline_history)
        return fmt::format("{:08X}.history", name.timeline.value);
    const std::string segment = segment_name(name.timeline, name.segment, size);
    if (name.kind == Kind::partial) return segment + ".partial";
    if (name.kind == Kind::segment) return segment;
    return fmt::format("{}.{:08X}.backup", segment, name.offset);
}

std::optional<LogFileName> parse_log_file_name(std::string_view text, SegmentSize size) {
    const bool has_segment = text.size() >= segment_digits;
    const auto timeline = take_word(text);
    if (!timeline || *timeline == 0) return std::nullopt;
    if (!has_segment) {
        if (text != ".history") return std::nullopt;
        return LogFileName{LogFileName::Kind::timeline_history, {*timeline}};
    }
    const auto log = take_word(text);
    const auto low = take_word(text);
    if (!log || !low || *low >= segments_per_log(size)) return std::nullopt;
    const SegmentNumber number{*log * segments_per_log(size) + *low};
    return with_suffix({LogFileName::Kind::segment, {*timeline}, number}, text, size);
}

}  // namespace yore::postgresql
