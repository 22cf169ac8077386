// SPDX-License-Identifier: Apache-2.0
/// Archives made by hand, header by header.
#pragma once

#include <yore/base/bytes.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace yore::test {

struct TarHeader {
    std::string name;
    char type = '0';
    std::uint64_t size = 0;
    std::string target = {};
    std::string prefix = {};
    bool binary_size = false;  ///< base 256

    std::string bytes() const {
        std::string block(512, '\0');
        const auto put = [&](std::size_t at, std::string_view text) {
            std::memcpy(block.data() + at, text.data(), text.size());
        };
        put(0, name);
        put(100, "0000600");
        put(108, "0000101");
        put(116, "0000102");
        put(124, fmt::format("{:011o}", binary_size ? 0 : size));
        if (binary_size) {
            block[124] = '\x80';
            for (std::size_t i = 0; i < 11; ++i)
                block[135 - i] = i < 8 ? static_cast<char>(size >> (8 * i)) : '\0';
        }
        put(136, "14000000000");
        block[156] = type;
        put(157, target);
        put(257, "ustar");
        put(263, "00");
        put(345, prefix);
        put(148, "        ");
        unsigned sum = 0;
        for (const char c : block) sum += static_cast<unsigned char>(c);
        put(148, fmt::format("{:06o}", sum));
        block[154] = '\0';
        return block;
    }
};

inline std::string tar_file(const std::string& name, std::string content) {
    const TarHeader header{.name = name, .size = content.size()};
    content.resize((content.size() + 511) / 512 * 512);
    return header.bytes() + content;
}

}  // namespace yore::test
