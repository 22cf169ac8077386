// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/postgresql/timeline_history.h>

#include <charconv>
#include <optional>

namespace yore::postgresql {
namespace {

constexpr std::string_view blanks = " \t\r";

/// Takes a word and the blanks behind it off the front.
std::string_view take_word(std::string_view& line) {
    const auto word = line.substr(0, line.find_first_of(blanks));
    line.remove_prefix(word.size());
    line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
    return word;
}

std::optional<TimelineSwitch> parse_line(std::string_view line) {
    TimelineSwitch parsed;
    const auto number = take_word(line);
    const auto lsn = parse_lsn(take_word(line));
    const char* end = number.data() + number.size();
    const auto [stop, error] = std::from_chars(number.data(), end, parsed.parent.value);
    if (!lsn || error != std::errc{} || stop != end) return std::nullopt;
    parsed.at = *lsn;
    parsed.reason = line.substr(0, line.find_last_not_of(blanks) + 1);
    return parsed;
}

}  // namespace

std::vector<TimelineSwitch> parse_timeline_history(ByteView bytes, Timeline timeline,
                                                   std::string_view file) {
    std::vector<TimelineSwitch> switches;
    std::string_view text = as_text(bytes);
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto corrupt = [&](std::string_view what) {
            return Error(Errc::corrupt,
                         fmt::format("timeline history {}: line {}: {}", file, number, what));
        };
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
        if (line.empty() || line.starts_with('#')) continue;
        auto parsed = parse_line(line);
        if (!parsed) throw corrupt("it names no timeline and position");
        const TimelineSwitch before = switches.empty() ? TimelineSwitch{} : switches.back();
        if (parsed->parent <= before.parent || parsed->parent >= timeline)
            throw corrupt(fmt::format("timeline {} is out of order", parsed->parent.value));
        if (parsed->at < before.at) throw corrupt("its position is before the last one");
        switches.push_back(*std::move(parsed));
    }
    return switches;
}

}  // namespace yore::postgresql
