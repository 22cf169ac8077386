// SPDX-License-Identifier: Apache-2.0
#include <yore/chunker/chunker.h>
#include <yore/crypto/hash.h>

namespace yore::chunker {
namespace {

constexpr std::string_view purpose = "yore gear table 1";

std::uint64_t little_endian(const std::byte* bytes) {
    std::uint64_t word = 0;
    for (unsigned i = 0; i < 8; ++i) word |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
    return word;
}

}  // namespace

GearTable::GearTable(const crypto::SecretKey& gear_key) : words_{}, doubled_{} {
    constexpr std::size_t words_per_digest = sizeof(crypto::Digest) / 8;
    const crypto::HmacSha256 hmac(gear_key.view());
    for (std::size_t block = 0; block < words_.size() / words_per_digest; ++block) {
        const std::array counter{static_cast<std::byte>(block)};
        const crypto::Digest digest = hmac.digest({as_bytes(purpose), ByteView(counter)});
        for (std::size_t i = 0; i < words_per_digest; ++i) {
            const std::uint64_t word = little_endian(digest.data() + 8 * i);
            words_[block * words_per_digest + i] = word;
            doubled_[block * words_per_digest + i] = word << 1;
        }
    }
}

GearTable::~GearTable() {
    crypto::wipe(std::as_writable_bytes(std::span(words_)));
    crypto::wipe(std::as_writable_bytes(std::span(doubled_)));
}

}  // namespace yore::chunker
