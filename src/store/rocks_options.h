// SPDX-License-Identifier: Apache-2.0
/// How RocksDB is set up, and how its statuses become errors.
#pragma once

#include <yore/base/bytes.h>
#include <yore/base/error.h>
#include <yore/format/ids.h>
#include <yore/store/rocks_backend.h>

#include <string>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/options.h>

namespace yore::store {

/// Column families, in the order of their handles.
enum Family : std::size_t {
    family_default,
    family_chunks,
    family_nodes,
    family_index,
    family_catalog,
    family_packs,
    family_commits,
    family_tails,
    family_count
};

rocksdb::DBOptions database_options(const RocksOptions&);
std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const RocksOptions&);
/// For SstFileWriter; the same tables as in the families `chunks` and `nodes`.
rocksdb::Options pack_options(const RocksOptions&);

inline rocksdb::Slice slice_of(ByteView bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}
inline ByteView view_of(const rocksdb::Slice& slice) {
    return as_bytes({slice.data(), slice.size()});
}

/// `what` names the object; RocksDB's own text follows it.
Error rocks_error(const std::string& what, const rocksdb::Status&);
inline void check(const rocksdb::Status& status, const std::string& what) {
    if (!status.ok()) throw rocks_error(what, status);
}

}  // namespace yore::store
