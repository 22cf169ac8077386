// SPDX-License-Identifier: Apache-2.0
/// SHA-256 and HMAC-SHA-256 (FIPS 180-4, RFC 2104).
#pragma once

#include <yore/base/bytes.h>

#include <array>
#include <initializer_list>
#include <memory>
#include <span>

namespace yore::crypto {

using Digest = std::array<std::byte, 32>;

Digest sha256(ByteView);
/// Of the parts one after the other.
Digest sha256(std::initializer_list<ByteView> parts);

/// SHA-256 of bytes that come in pieces.
class Sha256 {
  public:
    Sha256();
    Sha256(Sha256&&) noexcept;
    Sha256& operator=(Sha256&&) noexcept;
    ~Sha256();

    void add(ByteView);
    /// Of all that was added; nothing may be added after it.
    Digest finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// A keyed hash. The key is absorbed once, so a digest costs its input's blocks and two more,
/// and allocates nothing. Any thread.
class HmacSha256 {
  public:
    /// Keys longer than 64 bytes are hashed first, as RFC 2104 says.
    explicit HmacSha256(ByteView key);
    HmacSha256(HmacSha256&&) noexcept;
    HmacSha256& operator=(HmacSha256&&) noexcept;
    ~HmacSha256();

    Digest digest(ByteView) const;
    /// Of the parts one after the other: where one ends must follow from what they hold.
    Digest digest(std::span<const ByteView> parts) const;
    Digest digest(std::initializer_list<ByteView> parts) const {
        return digest(std::span(parts.begin(), parts.size()));
    }

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace yore::crypto
