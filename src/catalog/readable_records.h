// SPDX-License-Identifier: Apache-2.0
/// Records that nothing else depends on: one that is damaged is left out, and the log says so.
#pragma once

#include <yore/base/error.h>
#include <yore/base/log.h>
#include <yore/store/store.h>

#include <vector>

namespace yore::catalog {

/// Calls `take(key, record)` for each that can be read; the log tells of the others.
template <typename Take>
void each_readable(const store::Store& store, const Bytes& prefix, const Take& take) {
    std::vector<Bytes> keys;
    store.scan_record_keys(prefix, prefix, [&](ByteView key) {
        keys.push_back(to_bytes(key));
        return true;
    });
    for (const Bytes& key : keys) {
        try {
            if (const auto record = store.record(key)) take(key, *record);
        } catch (const Error& error) {
            log_warning("left out: {}", error.what());
        }
    }
}

}  // namespace yore::catalog
