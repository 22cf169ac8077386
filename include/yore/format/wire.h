// SPDX-License-Identifier: Apache-2.0
/// Little-endian records of fixed fields: written one after the other, read back strictly.
///
/// What a Decoder reads may be hostile: too short, too long or out of bounds is `corrupt`. The
/// message does not name the record; the caller puts its name before it with `doing`.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/error.h>
#include <yore/format/ids.h>

#include <array>
#include <concepts>
#include <cstdint>
#include <string_view>
#include <utility>

namespace yore::format {

class Encoder {
  public:
    Encoder() = default;
    explicit Encoder(std::size_t reserve) { out_.reserve(reserve); }

    template <std::unsigned_integral Int>
    Encoder& put(Int value) {
        for (std::size_t i = 0; i < sizeof value; ++i) {
            out_.push_back(static_cast<std::byte>(value >> (8 * i)));
        }
        return *this;
    }
    Encoder& bytes(ByteView view) {
        out_.insert(out_.end(), view.begin(), view.end());
        return *this;
    }
    /// The length as `Length`, then the bytes. Longer than that can say: a broken invariant.
    template <std::unsigned_integral Length>
    Encoder& sized(ByteView view) {
        YORE_ENSURE(std::in_range<Length>(view.size()));
        return put(static_cast<Length>(view.size())).bytes(view);
    }

    ByteView view() const { return out_; }
    Bytes take() { return std::move(out_); }

  private:
    Bytes out_;
};

class Decoder {
  public:
    explicit Decoder(ByteView bytes) : rest_(bytes) {}

    template <std::unsigned_integral Int>
    Int get() {
        ByteView field = bytes(sizeof(Int));
        Int value = 0;
        for (std::size_t i = 0; i < sizeof value; ++i) {
            value = static_cast<Int>(
                value | static_cast<Int>(Int{std::to_integer<std::uint8_t>(field[i])} << (8 * i)));
        }
        return value;
    }
    ByteView bytes(std::size_t size) {
        if (rest_.size() < size) throw Error(Errc::corrupt, "it is cut short");
        ByteView field = rest_.first(size);
        rest_ = rest_.subspan(size);
        return field;
    }
    template <typename Id>
    Id id() {
        return *Id::from_bytes(bytes(Id::size));
    }
    template <std::unsigned_integral Length>
    ByteView sized(std::size_t size_max) {
        std::size_t size = get<Length>();
        if (size > size_max) throw Error(Errc::corrupt, "a length in it is out of bounds");
        return bytes(size);
    }
    /// A number of items of at least `item_bytes_min` each: no more than what is left can hold.
    std::uint32_t count(std::size_t item_bytes_min) {
        auto value = get<std::uint32_t>();
        if (value > rest_.size() / item_bytes_min) {
            throw Error(Errc::corrupt, "a count in it is out of bounds");
        }
        return value;
    }
    std::size_t left() const { return rest_.size(); }
    void expect_end() const {
        if (!rest_.empty()) throw Error(Errc::corrupt, "it has bytes behind its end");
    }

  private:
    ByteView rest_;
};

/// For fields with few values: anything above `max` is `corrupt`.
template <typename Enum>
Enum decode_enum(Decoder& decoder, Enum min, Enum max, std::string_view what) {
    auto raw = decoder.get<std::uint8_t>();
    if (raw < static_cast<std::uint8_t>(min) || raw > static_cast<std::uint8_t>(max)) {
        throw Error(Errc::corrupt, fmt::format("its {} {} is unknown", what, raw));
    }
    return static_cast<Enum>(raw);
}

}  // namespace yore::format
