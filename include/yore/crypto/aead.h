// SPDX-License-Identifier: Apache-2.0
/// AES-256-GCM (NIST SP 800-38D): sealing with associated data.
#pragma once

#include <yore/base/bytes.h>
#include <yore/crypto/secret.h>

#include <array>
#include <initializer_list>
#include <memory>

namespace yore::crypto {

/// Never twice with the same key: one reuse gives away the plain bytes and the means to forge.
using Nonce = std::array<std::byte, 12>;

/// One key. Any thread. Keeps a few contexts with the key schedule done, so that a call neither
/// allocates nor expands the key; more than 16 calls at once work, but set up their own.
class Aes256Gcm {
  public:
    static constexpr std::size_t tag_bytes = 16;
    static constexpr std::size_t message_bytes_max = std::size_t{1} << 30;

    explicit Aes256Gcm(const SecretKey&);
    Aes256Gcm(Aes256Gcm&&) noexcept;
    Aes256Gcm& operator=(Aes256Gcm&&) noexcept;
    ~Aes256Gcm();

    /// Writes the sealed bytes and the tag: `out` has `plain.size() + tag_bytes`. It may start
    /// where `plain` does, but not overlap it otherwise. The associated data is its parts one
    /// after the other.
    void seal(const Nonce&, std::initializer_list<ByteView> associated, ByteView plain,
              MutableBytes out) const;

    /// `out` has `sealed.size() - tag_bytes` and may start where `sealed` does. Whatever is wrong
    /// (key, nonce, associated data, any bit, too short): false, and `out` holds zeros only.
    [[nodiscard]] bool open(const Nonce&, std::initializer_list<ByteView> associated,
                            ByteView sealed, MutableBytes out) const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yore::crypto
