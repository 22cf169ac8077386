// SPDX-License-Identifier: Apache-2.0
/// Walks a source beside its previous snapshot and says, in steps, what the new tree is.
///
/// Depth first, in the order of the names' bytes, with a stack of its own: each sorted listing is
/// merged with the predecessor's directory. What is unchanged costs a stat and a comparison. Steps
/// are sent only from the first difference on: then for the directories on the path down to it,
/// each with the number of unchanged entries passed so far. So a directory below which nothing
/// changed sends nothing and keeps its node.
///
/// Directories are reached by descriptors, never by paths, so that neither renames nor links under
/// us lead elsewhere, and no path is too long. Only the lowest ones of a deep stack are kept open;
/// others are found again through `..` or from the root, and known by device and inode.
#pragma once

#include <deque>
#include <memory>

#include "ingest/boundaries.h"
#include "ingest/exclude.h"
#include "ingest/file_intake.h"
#include "ingest/file_pace.h"
#include "ingest/focus.h"
#include "ingest/link_counts.h"
#include "ingest/link_table.h"
#include "ingest/listing.h"

namespace yore::ingest {

class Walk {
  public:
    static constexpr std::size_t open_directories_max = 64;

    /// All outlive the walk.
    struct Parts {
        Outbox& outbox;
        FileIntake& intake;
        const store::ObjectCache& cache;
        Problems& problems;
        Counters& counters;
        const catalog::DirectoryOptions& options;
        const std::vector<std::string>& avoid;
        TrustRule trust;
        const Clock& clock;
        /// Where to look; null: everywhere. What lies elsewhere is taken over unseen.
        const Focus* focus = nullptr;
        /// How often files are read; null: whenever they changed.
        FilePace* pace = nullptr;
        /// Corrects the counts of links; null: they are as the file system says.
        const LinkCounts* links = nullptr;
        /// The predecessor is another copy on the same file system, which may share its files: the
        /// same inode with the same size and time of modification has the same bytes, though the
        /// time of change is another. (Each link that is made or removed sets that.)
        bool inode_tells = false;
    };
    explicit Walk(const Parts&);
    ~Walk();

    /// `before`: the entry of the source's directory in the previous snapshot, if there is one.
    /// Returns whether anything differs; if not, no step was sent.
    bool run(Fd root, std::optional<tree::EntryView> before);

  private:
    struct Frame;
    struct Found;

    // The stack.
    Frame& top() { return *frames_[depth_ - 1]; }
    Frame& push();
    void pop();
    bool reopen(Frame&);
    Fd open_from_root(const Frame&);

    // Entries.
    void visit_next(Frame&);
    void visit(Frame&, Found&);
    bool take_over(Frame&, const Found&);
    bool put_off(Frame&, const Found&);
    bool out_of_focus(const Frame&) const;
    bool look(const Frame&, Found&);
    bool add(Frame&, Found&);
    bool add_file(Frame&, Found&);
    bool add_known_link(Frame&, Found&);
    std::optional<FileIntake::Result> add_shared(Frame&, Found&);
    bool enter(Frame&, Found&);
    void list(Frame&, const FileStatus&);
    void describe(Frame&, const Place&, const FileStatus&);
    void leave(Frame&);

    // The predecessor's side.
    const tree::EntryView* current(Frame&);
    void drop_before(Frame&, std::optional<std::string_view> name);
    void keep_before(Frame&);
    void skip_before(Frame&);

    void send_path(Frame&);
    Place place_of(const Frame&, const Found&) const;
    std::uint16_t file_system_of(std::uint64_t device);

    const Parts parts_;
    const ExcludeRules excludes_;
    std::optional<Boundaries> boundaries_;
    LinkTable links_;
    std::vector<std::uint64_t> devices_;          ///< of the file systems met, by their number
    std::vector<std::unique_ptr<Frame>> frames_;  ///< used again by the next directory there
    std::size_t depth_ = 0;
    std::string path_;  ///< of the entry or directory at hand, from the source's directory
    Buffer listing_buffer_;
    bool differs_ = false;
};

}  // namespace yore::ingest
