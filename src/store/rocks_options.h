// SPDX-License-Identifier: Apache-2.0
/// How RocksDB is set up, and why.
#pragma once

#include <yore/format/ids.h>
#include <yore/store/rocks_backend.h>

#include <memory>
#include <vector>

#include <rocksdb/db.h>

namespace yore::store {

/// Column families, in the order of their handles.
enum Family : std::size_t {
    family_default,  ///< RocksDB insists on it; empty
    family_chunks,   ///< packs that are files, and nothing else
    family_nodes,
    family_inline,  ///< the items of packs that came in a commit
    family_index,
    family_catalog,
    family_packs,
    family_commits,
    family_tails,
    family_count
};

rocksdb::Env& env_of(const RocksOptions&);
rocksdb::DBOptions database_options(const RocksOptions&);
std::vector<rocksdb::ColumnFamilyDescriptor> family_descriptors(const RocksOptions&);
/// For SstFileWriter; the same tables as in the families `chunks` and `nodes`.
rocksdb::Options pack_file_options(const RocksOptions&);

}  // namespace yore::store
