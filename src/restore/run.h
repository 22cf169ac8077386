// SPDX-License-Identifier: Apache-2.0
/// One restore: the caller's thread walks the tree and makes directories, links and devices;
/// workers write files, large ones in pieces, straight from the decoded chunks.
#pragma once

#include <yore/base/error.h>
#include <yore/restore/restore.h>
#include <yore/tree/content.h>

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <tbb/concurrent_queue.h>

#include "restore/links.h"
#include "restore/metadata.h"
#include "restore/target.h"

namespace yore::restore {

/// A file between its temporary name and its own.
struct PendingFile {
    std::shared_ptr<TargetDirectory> directory;
    tree::EntryView entry;
    std::string temporary;
    Fd fd;
    std::optional<tree::ContentReader> reader;
    std::atomic<std::uint64_t> pieces_left{1};
    std::atomic<bool> failed{false};
};

struct Piece {
    std::shared_ptr<PendingFile> file;  ///< null: the worker may go
    std::uint64_t offset = 0, length = 0;
};

class Run {
  public:
    Run(const store::ObjectCache&, const RestoreOptions&, std::stop_token);
    RestoreResult operator()(NodeId snapshot_root);

  private:
    struct Selected {
        std::string parent;  ///< path of the directory that holds it
        std::vector<tree::EntryView> parents;
        tree::EntryView entry;
    };
    struct Frame {
        std::shared_ptr<TargetDirectory> directory;
        std::unique_ptr<tree::DirectoryCursor> cursor;
        bool fresh;  ///< made by us: nothing can be in the way
    };

    // Walking.
    std::vector<Selected> select(const tree::EntryView& top) const;
    Selected find_path(const tree::EntryView& top, const std::string& path) const;
    std::shared_ptr<TargetDirectory> parent_directory(const Selected&);
    void walk(Frame top);
    void place(const std::shared_ptr<TargetDirectory>&, const tree::EntryView&, bool fresh,
               std::vector<Frame>& stack);
    bool enter(const std::shared_ptr<TargetDirectory>&, const tree::EntryView&, bool fresh,
               std::vector<Frame>& stack);
    /// Whether the name is free, or made free; else it was kept or reported.
    bool make_way(const std::shared_ptr<TargetDirectory>&, const tree::EntryView&);
    void place_file(const std::shared_ptr<TargetDirectory>&, const tree::EntryView&);
    void queue_file(const std::shared_ptr<TargetDirectory>&, const tree::EntryView&);
    void make_special(TargetDirectory&, const tree::EntryView&);
    void make_link(TargetDirectory&, const tree::EntryView&, const std::string& existing);

    // Writing, on the workers.
    void work();
    void write_piece(const Piece&);
    void open_temporary(PendingFile&);
    void write_extents(PendingFile&, std::uint64_t offset, std::uint64_t length);
    void finish_file(PendingFile&);
    void give_up(PendingFile&);
    void settle_links(const tree::EntryView&, const std::string& path);
    void abandon_links(const tree::EntryView&);

    // Shared.
    std::shared_ptr<TargetDirectory> directory_of(Fd, std::string path,
                                                  std::shared_ptr<TargetDirectory> parent,
                                                  const tree::EntryView&);
    /// An error of one path is reported and the run goes on; a full disk ends it.
    template <typename Body>
    bool attempt(const std::string& path, Body&& body) {
        try {
            body();
            return true;
        } catch (const Error& error) {
            if (error.code() == Errc::no_space || error.code() == Errc::cancelled)
                stop_all(error);
            else
                report(path, error.what());
            return false;
        }
    }
    void report(const std::string& path, const std::string& text);
    void stop_all(const Error&);
    void tell_progress(bool always);
    Progress counts() const;

    const store::ObjectCache& cache_;
    const RestoreOptions& options_;
    const Owners owners_;
    std::stop_token stop_;
    Fd top_;
    LinkTable links_;
    std::map<std::string, std::shared_ptr<TargetDirectory>> parents_;
    tbb::concurrent_bounded_queue<Piece> pieces_;
    std::atomic<bool> stopping_{false};
    Guarded<std::optional<Error>> fatal_;
    Guarded<int> reporting_;  ///< one problem is told at a time
    std::atomic<std::uint64_t> files_done_{0}, bytes_done_{0}, files_kept_{0}, problems_{0};
    std::uint64_t files_total_ = 0, bytes_total_ = 0;
    std::chrono::steady_clock::time_point told_{};
};

}  // namespace yore::restore
