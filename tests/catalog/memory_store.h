// SPDX-License-Identifier: Apache-2.0
/// A store in memory, with keys that are the same in each run.
#pragma once

#include <yore/base/random.h>
#include <yore/store/store.h>

#include <cstdint>
#include <memory>

namespace yore::test {

inline store::Keys keys_for_tests() {
    SeededRandom random(1);
    const store::KeyFile file = store::KeyFile::create_unencrypted(random, {});
    return store::derive(file, file.unlock({}));
}

struct MemoryStore {
    VirtualClock clock{Timestamp::from_seconds(1'795'226'400)};
    store::Store store{store::make_memory_backend(), keys_for_tests(), {}, clock};

    /// How many there are, of all types.
    std::uint64_t records() const {
        std::uint64_t count = 0;
        store.scan_record_keys({}, {}, [&](ByteView) { return ++count > 0; });
        return count;
    }
};

}  // namespace yore::test
