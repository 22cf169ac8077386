// SPDX-License-Identifier: Apache-2.0
// Pack indexes and commit entries. The first byte says which. The name under which a record is
// asked for is taken from the record, so that inputs get past it. There is one encoding of each.
#include <yore/format/commit_entry.h>
#include <yore/format/pack_index.h>
#include <yore/format/wire.h>

#include "fuzz.h"

namespace {

using namespace yore;
using namespace yore::format;

void pack_index(ByteView record, Domain domain) {
    Decoder start(record);
    start.bytes(2);
    const PackIndex index = decode_pack_index(record, start.id<PackId>(), domain);
    YORE_ENSURE(equal(encode_pack_index(index), record));
}

void commit_entry(ByteView record) {
    Decoder start(record);
    start.bytes(4);
    const CommitEntry entry = decode_commit_entry(record, {start.get<std::uint64_t>()});
    YORE_ENSURE(equal(encode_commit_entry(entry), record));
}

void envelope(ByteView stored) {
    Decoder start(stored);
    start.bytes(8);
    const auto repository = start.id<RepositoryId>();
    const ByteView sealed = open_commit_envelope(stored, repository);
    YORE_ENSURE(sealed.size() + commit_envelope_bytes == stored.size());
    YORE_ENSURE(decode_founding_commit(stored, repository).number == founding_commit);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const ByteView record = fuzz::input(data + 1, size - 1);
    fuzz::expecting({Errc::corrupt, Errc::unsupported}, [&] {
        switch (data[0] % 4) {
            case 0:
                return pack_index(record, Domain::chunk);
            case 1:
                return pack_index(record, Domain::node);
            case 2:
                return commit_entry(record);
            default:
                return envelope(record);
        }
    });
    return 0;
}
