// SPDX-License-Identifier: Apache-2.0
/// Makes the snapshot's tree from the walk's steps and the chunks' ids, in their order.
///
/// A small file's chunk, its group, is known only when the group is whole, perhaps some
/// directories later. From the first step that has to wait for one, steps queue; the walk ends
/// groups often enough to keep the queue short.
#pragma once

#include <yore/tree/content.h>
#include <yore/tree/directory.h>
#include <yore/tree/edit.h>

#include <deque>
#include <unordered_map>

#include "ingest/steps.h"

namespace yore::ingest {

/// How a source's files come.
enum class Arrival : std::uint8_t {
    by_name,  ///< depth first, in the order of names: nothing but the path is held
    any,      ///< parents first, else in any order: the names are held until the end
};

/// One thread at a time.
class Assembler {
  public:
    /// Long lists of extents go to the one sink, directories to the other. With Arrival::any all
    /// names come as AddEntry, also those of directories, with the path (from the source's
    /// directory, that itself is "") in place of the name.
    Assembler(store::NodeSink& lists, store::NodeSink& directories, const tree::NodeBounds&,
              const store::ObjectCache&, Arrival);

    void apply(Step&&);
    void add_piece(const ChunkId&, std::uint64_t length);
    void finish_group(std::uint64_t group, const ChunkId&);

    /// After the last step: the node above the source's directory.
    tree::DirectoryBuilder::Built finish();

  private:
    struct OpenDirectory {
        OpenDirectory(tree::DirectoryBuilder&& empty, std::optional<NodeId> predecessor)
            : builder(std::move(empty)), before(predecessor) {}
        tree::DirectoryBuilder builder;
        std::optional<NodeId> before;
        std::optional<tree::DirectoryCursor> cursor;
    };
    struct LinkedFile {
        tree::Content content;
        std::vector<tree::Xattr> xattrs;
    };

    bool must_wait(const Step&) const;
    void carry_out(Step&&);
    void carry_out(EnterDirectory&&);
    void carry_out(TakeOver&&);
    void carry_out(Skip&&);
    void carry_out(BeginContent&&);
    void carry_out(Hole&&);
    void carry_out(AddEntry&&);
    void carry_out(LeaveDirectory&&);
    void share_links(AddEntry&);
    tree::DirectoryCursor& before(OpenDirectory&);

    store::NodeSink &lists_, &directories_;
    const tree::NodeBounds& bounds_;
    const store::ObjectCache& cache_;
    std::optional<tree::TreeEdit> names_;  ///< Arrival::any
    std::vector<OpenDirectory> open_;      ///< Arrival::by_name
    std::optional<tree::ContentBuilder> content_;
    std::deque<Step> waiting_;
    std::uint64_t groups_done_ = 0;
    ChunkId last_group_;
    std::unordered_map<std::uint32_t, LinkedFile> links_;
};

}  // namespace yore::ingest
