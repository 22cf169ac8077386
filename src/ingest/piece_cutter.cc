// SPDX-License-Identifier: Apache-2.0
#include "ingest/piece_cutter.h"

#include <yore/base/error.h>

#include <algorithm>
#include <cstring>

namespace yore::ingest {
namespace {

constexpr std::size_t read_bytes = 1u << 20;

}  // namespace

/// A buffer with bytes that are not cut yet, and where they lie in the file.
struct PieceCutter::Filled {
    std::shared_ptr<Buffer> memory;
    std::size_t size = 0;
    std::uint64_t start = 0;
    bool at_end = false;  ///< nothing follows them
};

PieceCutter::PieceCutter(Outbox& outbox, const chunker::FastCdc& cdc)
    : outbox_(outbox), cdc_(cdc), buffers_(read_bytes + cdc.sizes().max) {
    static_assert(chunker::fixed_block_bytes <= read_bytes);
    static_assert(chunker::log_block_bytes <= read_bytes);
}

std::uint64_t PieceCutter::send(ByteRun run, chunker::Cutting cutting, const Read& read,
                                const HintsAt& hints_at) {
    Filled filled{buffers_.take(), 0, run.start, run.size() == 0};
    while (!filled.at_end) {
        outbox_.check_stop();
        fill(filled, run, read);
        const std::size_t sent = send_pieces(filled, cutting, hints_at);
        if (sent == 0) continue;  // not enough yet for a cut: this buffer takes more
        Filled rest{buffers_.take(), filled.size - sent, filled.start + sent, filled.at_end};
        std::memcpy(rest.memory->data(), filled.memory->data() + sent, rest.size);
        filled = std::move(rest);
    }
    return filled.start - run.start;
}

void PieceCutter::fill(Filled& filled, ByteRun run, const Read& read) {
    const std::uint64_t next = filled.start + filled.size;
    const std::size_t room = std::min(read_bytes, buffers_.capacity() - filled.size);
    const std::size_t wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(room, run.end - next));
    const std::size_t got = read(next, {filled.memory->data() + filled.size, wanted});
    filled.size += got;
    filled.at_end = got < wanted || next + got == run.end;
}

/// 0: more bytes must be seen first.
std::size_t PieceCutter::piece_size(const Filled& filled, std::size_t at,
                                    chunker::Cutting cutting) const {
    const std::size_t rest = filled.size - at;
    if (cutting == chunker::Cutting::content_defined) {
        if (rest < cdc_.sizes().max && !filled.at_end) return 0;
        return cdc_.cut({filled.memory->data() + at, rest});
    }
    const std::size_t block =
        cutting == chunker::Cutting::log ? chunker::log_block_bytes : chunker::fixed_block_bytes;
    const std::size_t to_bound = block - static_cast<std::size_t>((filled.start + at) % block);
    if (rest < to_bound && !filled.at_end) return 0;
    return std::min(rest, to_bound);
}

std::size_t PieceCutter::send_pieces(Filled& filled, chunker::Cutting cutting,
                                     const HintsAt& hints_at) {
    std::size_t at = 0;
    while (at < filled.size) {
        const std::size_t size = piece_size(filled, at, cutting);
        if (size == 0) break;
        Piece piece{filled.memory, {filled.memory->data() + at, size}, 0, {}};
        if (hints_at) piece.hints = hints_at(filled.start + at);
        if (cutting == chunker::Cutting::log) piece.hints.content = store::Content::log;
        outbox_.send(std::move(piece));
        at += size;
    }
    return at;
}

}  // namespace yore::ingest
