// SPDX-License-Identifier: Apache-2.0
/// Between RocksDB's words and ours: slices and views, statuses and errors.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/error.h>

#include <string>

#include <rocksdb/slice.h>
#include <rocksdb/status.h>

namespace yore::store {

inline rocksdb::Slice slice_of(ByteView bytes) {
    if (bytes.empty()) return {};  // RocksDB compares what is no null pointer
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline ByteView view_of(const rocksdb::Slice& slice) {
    return as_bytes({slice.data(), slice.size()});
}

/// `what` names the object; RocksDB's own text follows it.
Error rocks_error(const std::string& what, const rocksdb::Status&);
/// The same for a database that does not open.
Error rocks_open_error(const std::string& path, const rocksdb::Status&);

/// Throws unless it is ok; `describe()` makes the name of the object, only then.
template <typename Describe>
void check(const rocksdb::Status& status, Describe&& describe) {
    if (!status.ok()) throw rocks_error(std::forward<Describe>(describe)(), status);
}
inline void check(const rocksdb::Status& status, const char* what) {
    if (!status.ok()) throw rocks_error(what, status);
}

}  // namespace yore::store
