// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/crypto/secret.h>

#include <utility>

#include <openssl/crypto.h>

namespace yore::crypto {

void wipe(MutableBytes bytes) {
    OPENSSL_cleanse(bytes.data(), bytes.size());
}

bool equal_secret(ByteView a, ByteView b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

SecretBytes::SecretBytes(std::size_t size)
    : data_(std::make_unique<std::byte[]>(size)), size_(size) {}

SecretBytes SecretBytes::copy_of(ByteView bytes) {
    SecretBytes secret(bytes.size());
    if (!bytes.empty()) std::memcpy(secret.data_.get(), bytes.data(), bytes.size());
    return secret;
}

SecretBytes::SecretBytes(SecretBytes&& other) noexcept
    : data_(std::move(other.data_)), size_(std::exchange(other.size_, 0)) {}

SecretBytes& SecretBytes::operator=(SecretBytes&& other) noexcept {
    if (this != &other) {
        wipe(span());
        data_ = std::move(other.data_);
        size_ = std::exchange(other.size_, 0);
    }
    return *this;
}

SecretBytes::~SecretBytes() {
    wipe(span());
}

SecretKey SecretKey::random(Random& random) {
    SecretKey key;
    random.fill(key.bytes_);
    return key;
}

SecretKey SecretKey::copy_of(ByteView bytes) {
    YORE_ENSURE(bytes.size() == size);
    SecretKey key;
    std::memcpy(key.bytes_.data(), bytes.data(), size);
    return key;
}

SecretKey::SecretKey(SecretKey&& other) noexcept : bytes_(other.bytes_) {
    wipe(other.bytes_);
}

SecretKey& SecretKey::operator=(SecretKey&& other) noexcept {
    if (this != &other) {
        bytes_ = other.bytes_;
        wipe(other.bytes_);
    }
    return *this;
}

SecretKey::~SecretKey() {
    wipe(bytes_);
}

}  // namespace yore::crypto
