// SPDX-License-Identifier: Apache-2.0
/// What the walk found, as a sequence of steps from which the assembler makes the tree.
///
/// The walk runs ahead of the chunks: it does not know their ids. So it says what to do in which
/// order, and the steps travel with the chunks through the pipeline. Unchanged entries are a
/// number, not a step each; a directory in which nothing changed is part of its parent's number.
#pragma once

#include <yore/store/store.h>
#include <yore/tree/entry.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace yore::ingest {

/// Opens a directory; until it is left, steps are about its entries. `before`: its predecessor.
struct EnterDirectory {
    std::optional<NodeId> before;
};
/// The next entries of the predecessor are in the new directory too.
struct TakeOver {
    std::uint64_t count = 0;
};
/// The next entry of the predecessor is not, or another took its place.
struct Skip {};
/// The file whose pieces and holes come next; what came of a file since is forgotten.
struct BeginContent {};
struct Hole {
    std::uint64_t length = 0;
};
/// Where the bytes of an added file come from.
enum class ContentFrom {
    entry,   ///< the entry has them (or needs none)
    pieces,  ///< the pieces and holes since BeginContent
    group,   ///< the entry has extents whose chunk is still without id: it is the group
    link,    ///< those of an earlier name of the same inode; extended attributes too
};
struct AddEntry {
    tree::Entry entry;
    ContentFrom from = ContentFrom::entry;
    std::uint64_t group = 0;
    std::uint32_t link = 0;  ///< not 0: a number for the inode; later names refer to it
    bool last_link = false;  ///< no later name will
};
/// Closes the directory; `entry` stands for it in its parent, with what is below filled in.
struct LeaveDirectory {
    tree::Entry entry;
};
using Step =
    std::variant<EnterDirectory, TakeOver, Skip, BeginContent, Hole, AddEntry, LeaveDirectory>;

/// Bytes that become one chunk.
struct Piece {
    std::shared_ptr<const Buffer> memory;  ///< holds `bytes`
    ByteView bytes;
    std::uint64_t group = 0;  ///< not 0: a whole group; else the next bytes of the begun file
    store::ChunkHints hints;
};

/// What goes through the pipeline as one: steps, then a piece.
struct Parcel {
    std::vector<Step> steps;
    std::optional<Piece> piece;
    std::optional<store::Prepared> prepared;  ///< of the piece
};

}  // namespace yore::ingest
