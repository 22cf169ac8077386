// SPDX-License-Identifier: Apache-2.0
/// Records as FlatBuffers: bytes to a verified table, a table to bytes.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/error.h>
#include <yore/format/ids.h>

#include <array>
#include <cstring>
#include <span>
#include <string_view>

#include <flatbuffers/flatbuffers.h>

namespace yore::catalog {

inline Error damaged(std::string_view record, std::string_view what) {
    return Error(Errc::corrupt, fmt::format("{}: {}", record, what));
}

/// A verified record, in a copy: FlatBuffers wants its buffer aligned, and a view may not be.
template <typename Table>
class Verified {
  public:
    Verified(ByteView bytes, const char* identifier, std::string_view record)
        : bytes_(to_bytes(bytes)) {
        const auto* data = reinterpret_cast<const std::uint8_t*>(bytes_.data());
        flatbuffers::Verifier verifier(data, bytes_.size());
        if (bytes_.size() < 8 || !verifier.VerifyBuffer<Table>(identifier))
            throw damaged(record, "not a record of its type");
        table_ = flatbuffers::GetRoot<Table>(data);
    }
    const Table* operator->() const { return table_; }

  private:
    Bytes bytes_;
    const Table* table_ = nullptr;
};

template <typename Table>
Bytes finish(flatbuffers::FlatBufferBuilder& builder, flatbuffers::Offset<Table> root,
             const char* identifier) {
    builder.Finish(root, identifier);
    return to_bytes(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
}

template <std::size_t Size>
flatbuffers::span<const std::uint8_t, Size> raw(const std::array<std::byte, Size>& bytes) {
    return flatbuffers::span<const std::uint8_t, Size>(
        reinterpret_cast<const std::uint8_t*>(bytes.data()), Size);
}

template <typename Id, typename Stored>
Id id_of(const Stored& stored) {
    Id id;
    std::memcpy(id.bytes.data(), stored.bytes()->data(), Id::size);
    return id;
}

}  // namespace yore::catalog
