// SPDX-License-Identifier: Apache-2.0
//
// An id is an HMAC of some bytes to some hundred KiB. The state after the key's block is kept, and
// each digest goes on from a copy of it. With EVP that takes a pool of contexts, as a copy is an
// object on the heap: measured, 185 ns for 64 bytes when the contexts are there already. The older
// SHA256_* calls work on a plain struct that is copied by assignment and lives on the stack: 126
// ns, no pool. OpenSSL 3 marks them deprecated in favour of EVP; they run the same assembly, and
// both reach the machine's limit for long input. Only this file uses them.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <yore/crypto/hash.h>
#include <yore/crypto/secret.h>

#include <algorithm>

#include <openssl/sha.h>

namespace yore::crypto {
namespace {

constexpr std::size_t block_bytes = 64;

void update(SHA256_CTX& context, ByteView bytes) {
    if (!bytes.empty()) SHA256_Update(&context, bytes.data(), bytes.size());
}

Digest finish(SHA256_CTX& context) {
    Digest digest;
    SHA256_Final(reinterpret_cast<unsigned char*>(digest.data()), &context);
    return digest;
}

/// The state after one block: the key, padded with zeros, each byte xor `pad`.
SHA256_CTX after_key_block(ByteView key, std::byte pad) {
    std::array<std::byte, block_bytes> block{};
    std::copy(key.begin(), key.end(), block.begin());
    for (std::byte& byte : block) byte ^= pad;
    SHA256_CTX context;
    SHA256_Init(&context);
    update(context, block);
    wipe(block);
    return context;
}

}  // namespace

Digest sha256(ByteView bytes) {
    return sha256({bytes});
}

Digest sha256(std::initializer_list<ByteView> parts) {
    SHA256_CTX context;
    SHA256_Init(&context);
    for (ByteView part : parts) update(context, part);
    return finish(context);
}

struct Sha256::State {
    SHA256_CTX context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    SHA256_Init(&state_->context);
}
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;
Sha256::~Sha256() = default;

void Sha256::add(ByteView bytes) {
    update(state_->context, bytes);
}
Digest Sha256::finish() {
    return crypto::finish(state_->context);
}

struct HmacSha256::State {
    SHA256_CTX inner;
    SHA256_CTX outer;
    ~State() {
        wipe(std::as_writable_bytes(std::span(&inner, 1)));
        wipe(std::as_writable_bytes(std::span(&outer, 1)));
    }
};

HmacSha256::HmacSha256(ByteView key) : state_(std::make_unique<State>()) {
    Digest hashed_key{};
    if (key.size() > block_bytes) {
        hashed_key = sha256(key);
        key = hashed_key;
    }
    state_->inner = after_key_block(key, std::byte{0x36});
    state_->outer = after_key_block(key, std::byte{0x5c});
    wipe(hashed_key);
}
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;
HmacSha256::~HmacSha256() = default;

Digest HmacSha256::digest(ByteView bytes) const {
    return digest({&bytes, 1});
}

Digest HmacSha256::digest(std::span<const ByteView> parts) const {
    SHA256_CTX context = state_->inner;
    for (ByteView part : parts) update(context, part);
    Digest inner = finish(context);
    context = state_->outer;
    update(context, inner);
    return finish(context);
}

}  // namespace yore::crypto
