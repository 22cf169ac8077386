// SPDX-License-Identifier: Apache-2.0
/// Takes in one file that is new or has changed: its bytes, attributes and extended attributes.
///
/// What is stored was read between two looks at the file. When they differ it is read again, a few
/// times; then it is kept as it was read last, with the status from before that, and a problem
/// says so. (The status from before: so the next snapshot sees that it has changed since.)
/// A file that changed in this very tick of the clock is first left alone until the tick is over:
/// another change in it might not show.
#pragma once

#include "ingest/counters.h"
#include "ingest/file_status.h"
#include "ingest/link_counts.h"
#include "ingest/outbox.h"
#include "ingest/piece_cutter.h"
#include "ingest/predecessor.h"
#include "ingest/xattrs.h"

namespace yore::ingest {

/// A name in a directory.
struct Place {
    int directory;          ///< open
    const char* name;       ///< its last component
    std::string_view path;  ///< from the source's directory
    std::uint16_t file_system;
};

/// One thread, the walk's.
class FileIntake {
  public:
    enum class Result {
        added,     ///< an AddEntry was sent
        replaced,  ///< the name is of another kind now, or gone: look again
        failed     ///< a problem was recorded
    };

    /// What it works with; all outlive it.
    struct Parts {
        Outbox& outbox;
        PieceCutter& cutter;
        XattrReader& xattrs;
        const store::ObjectCache& cache;
        Problems& problems;
        Counters& counters;
        const GroupSizes& sizes;
        const Clock& clock;
        std::string_view root;              ///< path of the source's directory
        const LinkCounts* links = nullptr;  ///< as Walk::Parts
    };
    explicit FileIntake(const Parts&);

    /// A regular file. `status` is what was seen of it, and comes to be that of what was stored.
    /// `before`: its predecessor, or null. `link` goes into the step; it comes back as 0 when the
    /// file would not hold still, so that other names of it are read for themselves.
    Result add_regular(const Place&, FileStatus& status, const tree::EntryView* before,
                       std::uint32_t& link);
    /// A regular file whose bytes are those of `before`: its attributes and extended attributes.
    /// `replaced`, too, when it has changed since `status` was seen.
    Result add_as_before(const Place&, FileStatus& status, const tree::EntryView& before);
    /// A symbolic link, device, FIFO or socket.
    Result add_special(const Place&, FileStatus& status);
    /// What is kept of a directory itself.
    tree::Entry describe_directory(const Place&, int fd, const FileStatus&);

  private:
    struct Reading;
    Result fail(const Place&, std::string_view action, int error);
    std::optional<Result> open(Reading&);
    int look_settled(Reading&);
    int look(const Fd&, FileStatus&) const;
    void read(Reading&);
    void read_small(Reading&);
    void read_large(Reading&);
    std::size_t read_some(Reading&, std::uint64_t offset, MutableBytes into);
    void send(Reading&);
    void send_pages(Reading&);
    chunker::Cutting cutting_of(const Reading&, ByteView first_bytes) const;
    tree::Entry describe(const Place&, int fd, const FileStatus&, OpenAs);

    const Parts parts_;
    Buffer small_;  ///< a small file's bytes
};

}  // namespace yore::ingest
