// SPDX-License-Identifier: Apache-2.0
/// Log tails: what a log receiver has acknowledged before its segment is whole.
///
/// A tail is a run of pieces without holes, each sealed and synced before its receiver says so to
/// anybody. When the segment is whole its bytes go into packs, and the commit that names it takes
/// the tail's pieces away: what was acknowledged is in the one or in the other at any moment.
#pragma once

#include <yore/base/bytes.h>

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>

namespace yore::store {

inline constexpr std::size_t tail_piece_bytes_max = 4u << 20;

/// One tail for each incarnation (a timeline of PostgreSQL) of a source's log.
struct TailId {
    std::uint32_t source = 0;
    std::uint32_t incarnation = 0;
    auto operator<=>(const TailId&) const = default;
};
/// Positions are those of the log: a piece at `position` with n bytes ends, exclusive, at
/// `position` + n, and the next one begins there.
struct TailKey {
    TailId tail;
    std::uint64_t position = 0;
    auto operator<=>(const TailKey&) const = default;
};
/// What a commit takes away: the pieces of a tail that begin below a position, at which one ends.
struct TailDrop {
    static constexpr std::uint64_t everything = std::numeric_limits<std::uint64_t>::max();
    TailId tail;
    std::uint64_t below = everything;
};
/// `tail of source 3, incarnation 1`; with `, piece at 4711`: how messages name them.
std::string name_of(const TailId&);
std::string name_of(const TailKey&);

/// Returns false to stop.
using PieceVisitor = std::function<bool(std::uint64_t position, ByteView plain)>;

class Sealer;
struct StoreState;

/// The end of a tail, to append to. One thread at a time; several tails may be appended to at once,
/// and share syncs then. Goes before its Store.
class Tail {
  public:
    /// Durable when it returns. Not at `end()`, empty, above `tail_piece_bytes_max`: `invalid`.
    /// `no_space`: nothing was begun, and it may be tried again. After a write or sync that failed:
    /// `read_only`, until the repository is opened again.
    void append(std::uint64_t position, ByteView plain);
    /// Behind the last piece, also when that was dropped meanwhile; none yet: nullopt, and the
    /// first may begin anywhere.
    std::optional<std::uint64_t> end() const { return end_; }

    Tail(Tail&&) noexcept;
    Tail& operator=(Tail&&) = delete;
    ~Tail();

  private:
    friend class Store;
    Tail(StoreState&, TailId, std::shared_ptr<void> hold);
    Buffer seal(std::uint64_t position, ByteView plain);

    StoreState& store_;
    TailId id_;
    std::shared_ptr<void> hold_;  ///< nobody else appends to it
    std::optional<std::uint64_t> end_;
    std::array<std::byte, 16> last_tag_{};  ///< of the last piece; zeros when there is none
    std::unique_ptr<const Sealer> sealer_;
    std::uint64_t sealed_pieces_ = 0;  ///< by this sealer
};

}  // namespace yore::store
