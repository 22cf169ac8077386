// SPDX-License-Identifier: Apache-2.0
/// A repository in memory, a source directory on disk, and ways to read snapshots back.
#pragma once

#include <yore/catalog/catalog.h>
#include <yore/ingest/snapshot_job.h>
#include <yore/tree/content.h>
#include <yore/tree/directory.h>

#include <atomic>
#include <optional>
#include <string>

#include "../support.h"

namespace yore::ingest::test {

using yore::test::TemporaryDirectory;

/// After so many reads of nodes, each further one gives damaged bytes.
struct Damage {
    static constexpr int never = INT32_MAX;
    std::atomic<int> good_node_reads{never};
};

class Bench {
  public:
    explicit Bench(catalog::DirectoryOptions = {});
    /// Backs up a directory that is there, of another bench.
    explicit Bench(const Bench& other);

    /// A path in the source.
    std::string at(const std::string& path) const { return source_.directory.path + "/" + path; }
    void write(const std::string& path, std::string_view content);
    void make_directory(const std::string& path);
    /// Makes all that is there now older than the next snapshot's doubts about racy times.
    static void let_time_pass();

    catalog::Snapshot take(const SnapshotOptions& = {}, std::stop_token = {});
    /// A fresh cache: nothing is remembered from writing.
    void forget_decoded();

    /// The entry at a path of a snapshot ("" is the source's directory).
    std::optional<tree::EntryView> find(const catalog::Snapshot&, const std::string& path) const;
    tree::Entry entry(const catalog::Snapshot&, const std::string& path) const;
    std::string content(const catalog::Snapshot&, const std::string& path) const;
    std::string text(const tree::Content&) const;
    std::vector<std::string> names(const catalog::Snapshot&, const std::string& path) const;
    /// Paths and contents (of regular files), attributes and all, as one text: equal texts are
    /// equal trees.
    std::string describe(const catalog::Snapshot&) const;

    const catalog::Source& source() const { return source_; }
    store::Store& store() { return store_; }
    catalog::Catalog& catalog() { return catalog_; }
    const store::ObjectCache& cache() const { return *cache_; }
    const std::string& root() const { return source_.directory.path; }
    const SystemClock& clock() const { return clock_; }
    Damage& damage() { return damage_; }
    /// Objects that are stored, and those among the chunks that are deltas.
    struct Stored {
        std::uint64_t chunks = 0, deltas = 0, nodes = 0;
    };
    Stored stored() const;

  private:
    std::optional<TemporaryDirectory> directory_;
    SystemClock clock_;
    Damage damage_;
    store::Store store_;
    catalog::Catalog catalog_;
    std::unique_ptr<store::ObjectCache> cache_;
    catalog::Source source_;
};

std::string random_text(SeededRandom&, std::size_t size);
/// What `path` holds on disk.
std::string file_text(const std::string& path);

}  // namespace yore::ingest::test
