// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/crypto/hash.h>
#include <yore/crypto/kdf.h>

#include <new>

#include <openssl/err.h>
#include <openssl/evp.h>

namespace yore::crypto {
namespace {

constexpr std::uint64_t memory_bytes_max = std::uint64_t{1} << 30;
constexpr std::uint64_t work_bytes_max = std::uint64_t{4} << 30;

}  // namespace

// RFC 7914 also asks for N < 2^(128 * r / 8).
bool within_bounds(const ScryptParameters& parameters) {
    const auto [log2_n, r, p] = parameters;
    if (log2_n < 1 || log2_n > 30 || r < 1 || p < 1 || log2_n >= 16u * r) return false;
    std::uint64_t memory_bytes = (std::uint64_t{128} * r) << log2_n;
    return memory_bytes <= memory_bytes_max && memory_bytes * p <= work_bytes_max;
}

SecretKey hkdf_sha256(ByteView key, ByteView salt, std::string_view info) {
    Digest extracted = HmacSha256(salt).digest(key);
    const std::byte first_block{1};
    Digest expanded = HmacSha256(extracted).digest({as_bytes(info), ByteView(&first_block, 1)});
    SecretKey result = SecretKey::copy_of(expanded);
    wipe(extracted);
    wipe(expanded);
    return result;
}

SecretKey scrypt(ByteView passphrase, ByteView salt, const ScryptParameters& parameters) {
    if (!within_bounds(parameters)) {
        throw Error(Errc::corrupt, fmt::format("scrypt parameters out of bounds: 2^{}, {}, {}",
                                               parameters.log2_n, parameters.r, parameters.p));
    }
    // OpenSSL counts some blocks besides the table itself.
    const std::uint64_t with_overhead = memory_bytes_max + (std::uint64_t{64} << 20);
    SecretKey key;
    int done = EVP_PBE_scrypt(reinterpret_cast<const char*>(passphrase.data()), passphrase.size(),
                              reinterpret_cast<const unsigned char*>(salt.data()), salt.size(),
                              std::uint64_t{1} << parameters.log2_n, parameters.r, parameters.p,
                              with_overhead, reinterpret_cast<unsigned char*>(key.span().data()),
                              SecretKey::size);
    if (done != 1) {
        ERR_clear_error();
        throw std::bad_alloc();  // the only way to fail once the parameters are in bounds
    }
    return key;
}

}  // namespace yore::crypto
