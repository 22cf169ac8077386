// SPDX-License-Identifier: Apache-2.0
/// What a log receiver does to a store, for test_tails.py to kill and to cut the power under:
///
///     tail_appender init DIR            makes a store there
///     tail_appender append DIR ACKS N   appends to two tails, until each has N MiB more. A line of
///                                       ACKS, `SOURCE END`, follows each piece that is durable
///     tail_appender check DIR ACKS      all that ACKS says is there, and all of it is right
///
/// Byte for byte, what is in a tail follows from its source and position. Each MiB makes a segment:
/// a chunk and a record, and the pieces go with their commit.
#include <yore/base/error.h>
#include <yore/base/file.h>
#include <yore/base/random.h>
#include <yore/store/rocks_backend.h>
#include <yore/store/store.h>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <map>
#include <string>
#include <thread>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

using namespace yore;
using namespace yore::store;

namespace {

constexpr std::uint64_t segment_bytes = 1u << 20;
const SystemClock system_clock;

std::unique_ptr<Store> open(const std::string& directory) {
    SeededRandom random(7);
    Keys keys;
    random.fill(keys.repository.bytes);
    keys.encryption = Encryption::aes_256_gcm;
    for (auto* key : {&keys.chunk_ids, &keys.node_ids, &keys.gear, &keys.seals, &keys.commits,
                      &keys.records, &keys.tails, &keys.inodes})
        *key = crypto::SecretKey::random(random);
    return std::make_unique<Store>(open_rocks_backend(directory), std::move(keys),
                                   StoreOptions{.writer = "tail_appender"}, system_clock);
}

/// Half of it compresses.
Bytes content(std::uint32_t source, std::uint64_t position, std::uint64_t size) {
    Bytes bytes(size);
    for (std::uint64_t i = 0; i < size; ++i) {
        const std::uint64_t mixed = ((position + i) / 2 + source) * 0x9e3779b97f4a7c15;
        bytes[i] = static_cast<std::byte>((position + i) % 2 == 0 ? mixed >> 56 : source);
    }
    return bytes;
}

Bytes segment_key(std::uint32_t source, std::uint64_t begin) {
    return to_bytes(as_bytes(fmt::format("segment {} {:012}", source, begin)));
}

/// Of whole segments.
std::uint64_t stored_end(const Store& store, std::uint32_t source) {
    std::uint64_t end = 0;
    const std::string prefix = fmt::format("segment {} ", source);
    store.scan_record_keys(as_bytes(prefix), {}, [&](ByteView) {
        end += segment_bytes;
        return true;
    });
    return end;
}

void store_segment(Store& store, std::uint32_t source, std::uint64_t begin) {
    Bytes whole;
    store.read_tail({source, 1}, begin, [&](std::uint64_t, ByteView plain) {
        whole.insert(whole.end(), plain.begin(), plain.end());
        return true;
    });
    const auto writer = store.write();
    Prepared chunk = writer->prepare_chunk(whole);
    const RecordChange record{segment_key(source, begin), to_bytes(chunk.chunk_id().view())};
    writer->append(std::move(chunk));
    const TailDrop drop{{source, 1}, begin + segment_bytes};
    writer->commit({&record, 1}, {&drop, 1});
}

void acknowledge(int acks, std::uint32_t source, std::uint64_t end) {
    const std::string line = fmt::format("{} {}\n", source, end);
    if (::write(acks, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
        throw system_error("write", "the acknowledgements", errno);
}

void follow(Store& store, int acks, std::uint32_t source, std::uint64_t bytes) {
    SystemRandom system;
    std::uint64_t seed = 0;
    system.fill(std::as_writable_bytes(std::span(&seed, 1)));
    SeededRandom random(seed);
    Tail tail = store.open_tail({source, 1});
    std::uint64_t position = tail.end().value_or(stored_end(store, source));
    // A whole segment whose commit was cut short.
    if (position == stored_end(store, source) + segment_bytes)
        store_segment(store, source, position - segment_bytes);
    for (const std::uint64_t end = position + bytes; position < end;) {
        const std::uint64_t whole = (position / segment_bytes + 1) * segment_bytes;
        const std::uint64_t size =
            std::min(1 + random.below(random.below(4) ? 3'000 : 60'000), whole - position);
        tail.append(position, content(source, position, size));
        position += size;
        acknowledge(acks, source, position);
        if (position == whole) store_segment(store, source, position - segment_bytes);
    }
}

int append(const std::string& directory, const std::string& acks_path, std::uint64_t mib) {
    const auto store = open(directory);
    const int acks = ::open(acks_path.c_str(), O_CREAT | O_APPEND | O_WRONLY | O_CLOEXEC, 0600);
    std::atomic<int> failed = 0;
    {
        std::vector<std::jthread> receivers;
        for (const std::uint32_t source : {1, 2})
            receivers.emplace_back([&, source] {
                try {
                    follow(*store, acks, source, mib << 20);
                } catch (const Error& error) {
                    std::cerr << error.full_text() << '\n';
                    failed = 1;
                }
            });
    }
    ::close(acks);
    return failed;
}

void require(bool condition, const std::string& complaint) {
    if (!condition) throw Error(Errc::corrupt, complaint);
}

void check_source(const Store& store, std::uint32_t source, std::uint64_t acknowledged) {
    std::uint64_t end = 0;
    const std::string prefix = fmt::format("segment {} ", source);
    store.scan_records(as_bytes(prefix), {}, [&](ByteView key, ByteView value) {
        require(equal(key, segment_key(source, end)), "a segment is missing");
        const Buffer whole = store.get(*ChunkId::from_bytes(value));
        require(equal(whole, content(source, end, segment_bytes)), "a segment has other bytes");
        end += segment_bytes;
        return true;
    });
    store.read_tail({source, 1}, 0, [&](std::uint64_t position, ByteView plain) {
        require(position == end, fmt::format("a piece at {}, not at {}", position, end));
        require(equal(plain, content(source, position, plain.size())), "a piece has other bytes");
        end += plain.size();
        return true;
    });
    require(end >= acknowledged,
            fmt::format("source {} ends at {}, {} were acknowledged", source, end, acknowledged));
}

int check_all(const std::string& directory, const std::string& acks_path) {
    std::map<std::uint32_t, std::uint64_t> acknowledged{{1, 0}, {2, 0}};
    std::ifstream acks(acks_path);
    for (std::uint64_t source = 0, end = 0; acks >> source >> end;)
        acknowledged[static_cast<std::uint32_t>(source)] = end;
    const auto store = open(directory);
    for (const auto& [source, end] : acknowledged) check_source(*store, source, end);
    require(!store->lost_piece(), "a loss is told");
    for (const std::string& finding : store->check_tables()) throw Error(Errc::corrupt, finding);
    std::cout << acknowledged[1] << ' ' << acknowledged[2] << '\n';
    return 0;
}

}  // namespace

int main(int count, char** values) {
    const std::vector<std::string> arguments(values + 1, values + count);
    try {
        if (arguments.size() == 2 && arguments[0] == "init") {
            create_rocks_backend(arguments[1]);
            open(arguments[1]);
            return 0;
        }
        if (arguments.size() == 4 && arguments[0] == "append")
            return append(arguments[1], arguments[2], std::stoull(arguments[3]));
        if (arguments.size() == 3 && arguments[0] == "check")
            return check_all(arguments[1], arguments[2]);
    } catch (const Error& error) {
        std::cerr << error.full_text() << '\n';
        return 1;
    }
    std::cerr << "tail_appender init DIR | append DIR ACKS MIB | check DIR ACKS\n";
    return 2;
}
