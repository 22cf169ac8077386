// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/page_warnings.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace yore::ingest {
namespace {

/// What stands between the first pair of quotes, without a leading `./`.
std::string quoted_path(std::string_view text) {
    const std::size_t begin = std::min(text.find('"'), text.size() - 1) + 1;
    std::string_view path = text.substr(begin, text.find('"', begin) - begin);
    if (path.starts_with("./")) path.remove_prefix(2);
    return std::string(path);
}

/// The number behind `before`; none: 0.
std::uint64_t number_behind(std::string_view text, std::string_view before) {
    const std::size_t at = text.find(before);
    std::uint64_t number = 0;
    if (at != text.npos)
        std::from_chars(text.data() + at + before.size(), text.data() + text.size(), number);
    return number;
}

}  // namespace

void PageWarnings::take(const ServerMessage& message) {
    if (message.severity != "WARNING" || message.text.empty()) return;
    const std::string path = quoted_path(message.text);
    if (const auto total = number_behind(message.text, "has a total of "); total > 0)
        pages_[path] = total;
    else if (message.text.find("further") == std::string::npos)
        ++pages_[path];
    tell_(path, message.text);
}

std::uint64_t PageWarnings::pages() const {
    std::uint64_t sum = 0;
    for (const auto& [path, pages] : pages_) sum += pages;
    return sum;
}

}  // namespace yore::ingest
