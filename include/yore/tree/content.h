// SPDX-License-Identifier: Apache-2.0
/// A file's extents: collected while it is read, found by offset when it is read back.
///
/// Long lists are trees whose inner nodes hold sums of lengths; node bounds come from the chunk
/// ids, so an insertion rewrites one path, and a read at any offset costs O(log n).
#pragma once

#include <yore/store/object_cache.h>
#include <yore/tree/entry.h>

#include <functional>
#include <memory>

namespace yore::tree {

/// One thread at a time. The sink outlives it.
class ContentBuilder {
  public:
    explicit ContentBuilder(store::NodeSink&);
    ContentBuilder(ContentBuilder&&) noexcept;
    ~ContentBuilder();

    /// The next run of the file. Neighbouring holes, and neighbouring runs of one chunk, are
    /// joined; an empty run is nothing. A run of data is at most a chunk long.
    void add(const Extent&);
    std::uint64_t size() const;  ///< of what was added
    /// Up to 16 extents are inline, more are written as a list. Once.
    Content finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

struct PlacedExtent {
    std::uint64_t start = 0;  ///< offset in the file
    Extent extent;
    std::uint64_t end() const { return start + extent.length; }
};

/// Reads one file. Any thread. Copies share what they hold. The cache outlives it.
/// A list that is damaged, or does not have the size that the entry says: `corrupt`, by the call
/// that meets it.
class ContentReader {
  public:
    ContentReader(const store::ObjectCache&, Content);

    std::uint64_t size() const;
    std::uint64_t hole_bytes() const;
    /// The extent that covers `offset`; nullopt at or after the end.
    std::optional<PlacedExtent> find(std::uint64_t offset) const;
    /// Extents from the one that covers `offset`, in order; `visit` returns false to stop.
    void scan(std::uint64_t offset, const std::function<bool(const PlacedExtent&)>& visit) const;
    /// Fills `into` from `offset`; returns the bytes read (short only at the end). Holes are zeros.
    std::size_t read(std::uint64_t offset, MutableBytes into) const;
    /// As lseek(2): the next data or hole at or after `offset`; the end of the file is a hole;
    /// nullopt where lseek says ENXIO. O(log n): whole nodes without (or all) holes are passed
    /// over.
    std::optional<std::uint64_t> next_data(std::uint64_t offset) const;
    std::optional<std::uint64_t> next_hole(std::uint64_t offset) const;

  private:
    struct State;
    std::shared_ptr<const State> state_;
};

}  // namespace yore::tree
