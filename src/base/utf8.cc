// SPDX-License-Identifier: Apache-2.0
#include <yore/base/utf8.h>

#include <cstdint>

namespace yore {
namespace {

std::uint8_t byte_at(std::string_view text, std::size_t at) {
    return static_cast<std::uint8_t>(text[at]);
}

}  // namespace

std::size_t utf8_length(std::string_view text, std::size_t at) {
    const std::uint8_t first = byte_at(text, at);
    if (first < 0x80) return 1;
    std::size_t length = 0;
    std::uint8_t low = 0x80, high = 0xbf;  // of the second byte
    if (first >= 0xc2 && first <= 0xdf) {
        length = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
        length = 3;
        if (first == 0xe0) low = 0xa0;   // overlong
        if (first == 0xed) high = 0x9f;  // surrogates
    } else if (first >= 0xf0 && first <= 0xf4) {
        length = 4;
        if (first == 0xf0) low = 0x90;   // overlong
        if (first == 0xf4) high = 0x8f;  // above U+10FFFF
    }
    if (length == 0 || text.size() - at < length) return 0;
    if (byte_at(text, at + 1) < low || byte_at(text, at + 1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i)
        if ((byte_at(text, at + i) & 0xc0) != 0x80) return 0;
    return length;
}

std::string readable_utf8(std::string_view bytes) {
    std::string text;
    for (std::size_t at = 0; at < bytes.size();) {
        const std::size_t length = utf8_length(bytes, at);
        if (length == 0) {
            text += "\xef\xbf\xbd";
            at += 1;
        } else {
            text += bytes.substr(at, length);
            at += length;
        }
    }
    return text;
}

}  // namespace yore
