// SPDX-License-Identifier: Apache-2.0
/// What records keep alive in the store.
#pragma once

#include <yore/base/bytes.h>
#include <yore/format/ids.h>

#include <vector>

namespace yore::catalog {

struct LogSegment;

struct References {
    std::vector<NodeId> trees;  ///< tops of directories and of lists, with all below them
    std::vector<NodeId> nodes;  ///< nodes that refer to nothing
    std::vector<ChunkId> chunks;
};

/// Of one record; none for a type that refers to nothing. A type that is not known: `unsupported`,
/// as what it refers to must not be taken for garbage.
References references_of(ByteView key, ByteView value);
References references_of(const LogSegment&);

}  // namespace yore::catalog
