// SPDX-License-Identifier: Apache-2.0
#include "store/tail_head.h"

#include <yore/base/error.h>
#include <yore/format/wire.h>

#include <array>
#include <limits>
#include <string_view>

#include <xxhash.h>

#include "store/head.h"
#include "store/rocks_status.h"

namespace yore::store {
namespace {

constexpr std::uint64_t block_offset = 2 * HeadFile::slot_bytes;
constexpr std::size_t checked_bytes = 32;
constexpr std::size_t used_bytes = checked_bytes + 8;
constexpr std::string_view magic = "YORETAIL";

Bytes encode(const AcknowledgedPiece& piece) {
    format::Encoder encoder(used_bytes);
    encoder.bytes(as_bytes(magic))
        .put(piece.sequence)
        .put(piece.key.tail.source)
        .put(piece.key.tail.incarnation)
        .put(piece.key.position);
    encoder.put(std::uint64_t{XXH3_64bits(encoder.view().data(), checked_bytes)});
    return encoder.take();
}

std::optional<AcknowledgedPiece> decode(ByteView block) {
    if (block.size() < used_bytes) return std::nullopt;
    format::Decoder decoder(block);
    if (!equal(decoder.bytes(magic.size()), as_bytes(magic))) return std::nullopt;
    AcknowledgedPiece piece;
    piece.sequence = decoder.get<std::uint64_t>();
    piece.key.tail.source = decoder.get<std::uint32_t>();
    piece.key.tail.incarnation = decoder.get<std::uint32_t>();
    piece.key.position = decoder.get<std::uint64_t>();
    if (decoder.get<std::uint64_t>() != XXH3_64bits(block.data(), checked_bytes))
        return std::nullopt;
    return piece;
}

}  // namespace

TailHead::TailHead(rocksdb::Env& env, std::string path) : env_(env), path_(std::move(path)) {
    const auto what = [&] { return "read " + path_; };
    std::unique_ptr<rocksdb::RandomAccessFile> file;
    check(env_.NewRandomAccessFile(path_, &file, {}), what);
    std::array<char, used_bytes> scratch;
    rocksdb::Slice content;
    check(file->Read(block_offset, scratch.size(), &content, scratch.data()), what);
    found_ = decode(view_of(content));
}

void TailHead::write(const AcknowledgedPiece& piece) {
    std::scoped_lock lock(mutex_);
    if (piece.sequence < last_sequence_) return;
    put(piece);
    last_sequence_ = piece.sequence;
}

void TailHead::keep_as_lost() {
    YORE_ENSURE(found_);
    std::scoped_lock lock(mutex_);
    put({std::numeric_limits<std::uint64_t>::max(), found_->key});
}

void TailHead::put(const AcknowledgedPiece& piece) {
    const auto what = [&] { return path_ + ": note " + name_of(piece.key); };
    if (!file_) check(env_.NewRandomRWFile(path_, &file_, {}), what);
    const Bytes block = encode(piece);
    check(file_->Write(block_offset, slice_of(block)), what);
}

}  // namespace yore::store
