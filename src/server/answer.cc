// SPDX-License-Identifier: Apache-2.0
#include "server/answer.h"

#include <yore/base/error.h>

#include <algorithm>

namespace yore::server {

void AnswerReader::take(std::string_view piece) {
    while (!piece.empty()) {
        if (bytes_coming_ > 0) {
            const auto count = std::min<std::uint64_t>(bytes_coming_, piece.size());
            handlers_.bytes(as_bytes(piece.substr(0, count)));
            bytes_coming_ -= count;
            piece.remove_prefix(count);
            continue;
        }
        const auto end = piece.find('\n');
        line_ += piece.substr(0, end);
        if (end == std::string_view::npos) return;
        piece.remove_prefix(end + 1);
        take_line(std::exchange(line_, {}));
    }
}

void AnswerReader::take_line(std::string_view line) {
    const auto record = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    if (!record.is_object())
        throw Error(Errc::corrupt, "the owner's answer is not what this version understands");
    const auto bytes = record.find("bytes");
    if (bytes != record.end() && record.size() == 1 && bytes->is_number_unsigned()) {
        bytes_coming_ = bytes->get<std::uint64_t>();
    } else {
        handlers_.record(record);
    }
}

}  // namespace yore::server
