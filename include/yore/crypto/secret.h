// SPDX-License-Identifier: Apache-2.0
/// Secrets in memory: owned once, wiped when they go, never printed.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/random.h>

#include <array>
#include <memory>

namespace yore::crypto {

/// Overwrites with zeros in a way that the compiler keeps.
void wipe(MutableBytes);
/// Takes the same time wherever the bytes differ. Different lengths: false at once.
bool equal_secret(ByteView, ByteView);

/// A passphrase, the content of a key file. Move-only; what was moved from is empty.
class SecretBytes {
  public:
    SecretBytes() = default;
    explicit SecretBytes(std::size_t size);  ///< zeros
    static SecretBytes copy_of(ByteView);
    SecretBytes(SecretBytes&&) noexcept;
    SecretBytes& operator=(SecretBytes&&) noexcept;
    ~SecretBytes();

    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    ByteView view() const { return {data_.get(), size_}; }
    MutableBytes span() { return {data_.get(), size_}; }

  private:
    std::unique_ptr<std::byte[]> data_;
    std::size_t size_ = 0;
};

/// 32 bytes of key. Move-only, so that copies are meant; what was moved from is zeros.
class SecretKey {
  public:
    static constexpr std::size_t size = 32;

    SecretKey() = default;  ///< zeros
    static SecretKey random(Random&);
    /// `bytes` has exactly 32 bytes.
    static SecretKey copy_of(ByteView bytes);
    SecretKey clone() const { return copy_of(bytes_); }
    SecretKey(SecretKey&&) noexcept;
    SecretKey& operator=(SecretKey&&) noexcept;
    ~SecretKey();

    ByteView view() const { return bytes_; }
    MutableBytes span() { return bytes_; }

  private:
    std::array<std::byte, size> bytes_{};
};

}  // namespace yore::crypto
