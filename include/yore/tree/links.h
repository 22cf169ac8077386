// SPDX-License-Identifier: Apache-2.0
/// What a node refers to, whatever kind of node it is: for who follows everything that is needed.
#pragma once

#include <yore/base/bytes.h>
#include <yore/format/ids.h>

#include <vector>

namespace yore::tree {

struct Links {
    std::vector<NodeId> nodes;
    std::vector<ChunkId> chunks;
};

/// Direct ones, each at least once. `plain` is aligned as operator new aligns. Not a sound node:
/// `corrupt`.
Links links_of(const NodeId&, ByteView plain);

}  // namespace yore::tree
