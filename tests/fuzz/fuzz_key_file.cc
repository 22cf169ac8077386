// SPDX-License-Identifier: Apache-2.0
// Key files with a checksum that fits: what is accepted has one encoding only, the one read.
#include <yore/crypto/hash.h>
#include <yore/store/keyring.h>

#include <algorithm>

#include "fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace yore;
    Bytes file = to_bytes(fuzz::input(data, size));
    if (file.size() >= sizeof(crypto::Digest)) {
        const std::size_t checked = file.size() - sizeof(crypto::Digest);
        const auto checksum = crypto::sha256(ByteView(file).first(checked));
        std::ranges::copy(checksum, file.begin() + static_cast<std::ptrdiff_t>(checked));
    }
    fuzz::expecting({Errc::corrupt, Errc::unsupported}, [&] {
        const auto key_file = store::KeyFile::decode(file);
        YORE_ENSURE(equal(key_file.encode(), file));
    });
    return 0;
}
