// SPDX-License-Identifier: Apache-2.0
#include "ingest/group_rule.h"

#include <yore/base/error.h>
#include <yore/crypto/hash.h>

#include <cstring>

#include <xxhash.h>

namespace yore::ingest {

GroupRule::GroupRule(const crypto::SecretKey& gear_key, const GroupSizes& sizes) : sizes_(sizes) {
    YORE_ENSURE(sizes.min < sizes.average && sizes.average < sizes.max &&
                sizes.file_below <= sizes.max);
    const crypto::HmacSha256 hmac(gear_key.view());
    for (std::size_t i = 0; i * sizeof(crypto::Digest) < secret_.size(); ++i) {
        const std::byte counter{static_cast<unsigned char>(i)};
        const crypto::Digest words = hmac.digest({as_bytes("group ends"), ByteView(&counter, 1)});
        std::memcpy(secret_.data() + i * words.size(), words.data(), words.size());
    }
}

GroupRule::~GroupRule() {
    crypto::wipe(secret_);
}

bool GroupRule::ends_after(ByteView content, std::size_t group_bytes) const {
    if (group_bytes < sizes_.min) return false;
    const std::uint64_t hash =
        XXH3_64bits_withSecret(content.data(), content.size(), secret_.data(), secret_.size());
    // hash / 2^64 < size / (average - min)
    const auto scaled = static_cast<unsigned __int128>(hash) * (sizes_.average - sizes_.min);
    return static_cast<std::uint64_t>(scaled >> 64) < content.size();
}

}  // namespace yore::ingest
