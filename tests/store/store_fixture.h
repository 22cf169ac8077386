// SPDX-License-Identifier: Apache-2.0
/// A store on a backend in memory, and bytes to put into it.
#pragma once

#include <yore/base/error.h>
#include <yore/base/time.h>
#include <yore/store/store.h>

#include <memory>
#include <string>
#include <utility>

#include <catch2/catch.hpp>

#include "../shared_backend.h"
#include "../support.h"
#include "store/store_state.h"

namespace yore::test {

inline store::Keys keys_from(std::uint64_t seed, store::Encryption encryption) {
    SeededRandom random(seed);
    store::Keys keys;
    random.fill(keys.repository.bytes);
    keys.encryption = encryption;
    for (auto* key : {&keys.chunk_ids, &keys.node_ids, &keys.gear, &keys.seals, &keys.commits,
                      &keys.records, &keys.tails, &keys.inodes}) {
        *key = crypto::SecretKey::random(random);
    }
    return keys;
}

inline Bytes random_bytes(SeededRandom& random, std::size_t size) {
    Bytes bytes(size);
    random.fill(bytes);
    return bytes;
}

/// Compresses about fourfold.
inline Bytes text_bytes(SeededRandom& random, std::size_t size) {
    Bytes bytes;
    while (bytes.size() < size) {
        std::string word = fmt::format("{} of {}; ", random.below(500), random.below(50));
        bytes.insert(bytes.end(), as_bytes(word).begin(), as_bytes(word).end());
    }
    bytes.resize(size);
    return bytes;
}

struct MemoryRepository {
    explicit MemoryRepository(store::Encryption encryption_given = store::Encryption::aes_256_gcm)
        : encryption(encryption_given) {}

    std::unique_ptr<store::Store> open(store::StoreOptions options = {}) const {
        options.writer = "host/1";
        return std::make_unique<store::Store>(std::make_unique<SharedBackend>(backend),
                                              keys_from(7, encryption), options, clock);
    }

    store::Encryption encryption;
    VirtualClock clock{Timestamp::from_seconds(1'800'000'000)};
    std::shared_ptr<store::Backend> backend = store::make_memory_backend();
};

inline store::RecordChange put_record(std::string_view key, std::string_view value) {
    return {to_bytes(as_bytes(key)), to_bytes(as_bytes(value))};
}
inline ChunkId put_chunk(store::Writer& writer, ByteView plain,
                         const store::ChunkHints& hints = {}) {
    store::Prepared prepared = writer.prepare_chunk(plain, hints);
    ChunkId id = prepared.chunk_id();
    writer.append(std::move(prepared));
    return id;
}

/// Runs `body`; the Error that it threw.
template <typename Body>
Error error_of(Body&& body) {
    try {
        body();
    } catch (const Error& error) {
        return error;
    }
    FAIL("nothing was thrown");
    throw std::logic_error("unreachable");
}

}  // namespace yore::test
