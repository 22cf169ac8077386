// SPDX-License-Identifier: Apache-2.0
/// What fuzz targets share: an input as bytes, and which errors a decoder may throw.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/error.h>

#include <cstdint>
#include <initializer_list>
#include <utility>

namespace yore::fuzz {

inline ByteView input(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const std::byte*>(data), size};
}

/// Runs `body`; an Error whose code is none of `expected` passes on, and libFuzzer reports it.
template <typename Body>
void expecting(std::initializer_list<Errc> expected, Body&& body) {
    try {
        std::forward<Body>(body)();
    } catch (const Error& error) {
        for (Errc code : expected) {
            if (error.code() == code) return;
        }
        throw;
    }
}

}  // namespace yore::fuzz
