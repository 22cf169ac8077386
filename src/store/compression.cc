// SPDX-License-Identifier: Apache-2.0
#include "store/compression.h"

#include <yore/base/error.h>

#include <algorithm>
#include <array>
#include <bit>
#include <new>

#include <zstd.h>

namespace yore::store {
namespace {

/// Below this a frame saves nothing.
constexpr std::size_t compressible_bytes_min = 32;
/// Objects up to this size are just tried.
constexpr std::size_t probed_bytes_min = 16u << 10;
constexpr std::size_t sample_bytes = 2u << 10;
constexpr std::size_t sample_count = 3;
constexpr Effort probe_effort{1};

/// Up to this level a log is searched in its own way, which is faster than level 2 and finds more
/// than level 3: docs/decisions/2026-11-21-page-deltas.md.
constexpr int log_level_max = 3;

void require(std::size_t result) {
    YORE_ENSURE(!ZSTD_isError(result));
}

}  // namespace

class Compressor::Packer {
  public:
    Packer() : context_(ZSTD_createCCtx()) {
        if (context_ == nullptr) throw std::bad_alloc();
    }
    Packer(const Packer&) = delete;
    Packer& operator=(const Packer&) = delete;
    ~Packer() { ZSTD_freeCCtx(context_); }

    std::optional<std::size_t> run(ByteView plain, Effort effort, MutableBytes out) {
        require(ZSTD_CCtx_reset(context_, ZSTD_reset_session_and_parameters));
        set(ZSTD_c_compressionLevel, effort.level);
        if (effort.content == Content::log && effort.level <= log_level_max) {
            set(ZSTD_c_strategy, ZSTD_fast);
            set(ZSTD_c_minMatch, 4);
            set(ZSTD_c_hashLog, 14);
        }
        return compress(plain, out);
    }

    std::optional<std::size_t> run_against(ByteView plain, ByteView prefix, MutableBytes out) {
        require(ZSTD_CCtx_reset(context_, ZSTD_reset_session_and_parameters));
        // The window must reach from the last plain byte back to the first of the prefix.
        set(ZSTD_c_windowLog,
            std::max(static_cast<int>(std::bit_width(prefix.size() + plain.size())), 10));
        set(ZSTD_c_strategy, ZSTD_lazy);
        set(ZSTD_c_minMatch, 5);
        set(ZSTD_c_hashLog, 16);
        set(ZSTD_c_chainLog, 16);
        set(ZSTD_c_searchLog, 3);
        set(ZSTD_c_contentSizeFlag, 0);
        require(ZSTD_CCtx_refPrefix(context_, prefix.data(), prefix.size()));
        return compress(plain, out);
    }

  private:
    void set(ZSTD_cParameter parameter, int value) {
        require(ZSTD_CCtx_setParameter(context_, parameter, value));
    }
    std::optional<std::size_t> compress(ByteView plain, MutableBytes out) {
        const std::size_t size =
            ZSTD_compress2(context_, out.data(), out.size(), plain.data(), plain.size());
        if (ZSTD_isError(size)) return std::nullopt;
        return size;
    }

    ZSTD_CCtx* context_;
};

class Compressor::Unpacker {
  public:
    Unpacker() : context_(ZSTD_createDCtx()) {
        if (context_ == nullptr) throw std::bad_alloc();
    }
    Unpacker(const Unpacker&) = delete;
    Unpacker& operator=(const Unpacker&) = delete;
    ~Unpacker() { ZSTD_freeDCtx(context_); }

    bool run(ByteView compressed, ByteView prefix, MutableBytes plain) {
        require(ZSTD_DCtx_reset(context_, ZSTD_reset_session_and_parameters));
        if (!prefix.empty()) require(ZSTD_DCtx_refPrefix(context_, prefix.data(), prefix.size()));
        return ZSTD_decompressDCtx(context_, plain.data(), plain.size(), compressed.data(),
                                   compressed.size()) == plain.size();
    }

  private:
    ZSTD_DCtx* context_;
};

Compressor::Compressor() = default;
Compressor::~Compressor() = default;

/// A few samples at the fastest level. What only repeats over longer distances is taken for random
/// and stored as it is; in exchange random bytes cost no pass of the real compressor.
bool Compressor::looks_compressible(ByteView plain) const {
    if (plain.size() < probed_bytes_min) return true;
    std::array<std::byte, sample_bytes - sample_bytes / 32> out;
    auto probe = probes_.take();
    for (std::size_t i = 0; i < sample_count; ++i) {
        std::size_t at = (plain.size() - sample_bytes) / (sample_count - 1) * i;
        if (probe->run(plain.subspan(at, sample_bytes), probe_effort, out)) return true;
    }
    return false;
}

std::optional<std::size_t> Compressor::compress(ByteView plain, Effort effort,
                                                MutableBytes out) const {
    if (plain.size() < compressible_bytes_min || !looks_compressible(plain)) return std::nullopt;
    return packers_.take()->run(plain, effort, out);
}

std::optional<std::size_t> Compressor::compress_against(ByteView plain, ByteView prefix,
                                                        MutableBytes out) const {
    return packers_.take()->run_against(plain, prefix, out);
}

bool Compressor::decompress(ByteView compressed, ByteView prefix, MutableBytes plain) const {
    return unpackers_.take()->run(compressed, prefix, plain);
}

}  // namespace yore::store
