// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/store/tail.h>

#include <utility>

#include "store/store_state.h"
#include "store/tail_piece.h"

namespace yore::store {
namespace {

using StoredPiece = Backend::StoredPiece;

/// Takes pieces in order, and sees when one does not follow the one before it. After an error it
/// goes on with the next piece, whatever that follows.
class Chain {
  public:
    explicit Chain(const Codec& codec) : codec_(codec) {}

    Buffer take(const TailKey& key, ByteView stored) {
        const auto before = std::exchange(last_, std::nullopt);
        OpenedPiece piece = open_piece(codec_, key, stored);
        last_ = Link{key, key.position + piece.plain.size(), piece.tag};
        const bool follows = !before || before->key.tail != key.tail ||
                             (before->end == key.position && before->tag == piece.predecessor);
        if (!follows)
            throw Error(Errc::corrupt,
                        fmt::format("{}: it does not follow the one before it, at {} to {}",
                                    name_of(key), before->key.position, before->end),
                        {"what was between them is gone: who sent it may have it still"});
        return std::move(piece.plain);
    }

  private:
    struct Link {
        TailKey key;
        std::uint64_t end;
        PieceTag tag;
    };
    const Codec& codec_;
    std::optional<Link> last_;
};

/// How far a piece reaches; damaged: no further than to where it begins.
std::uint64_t end_of(const Codec& codec, const TailKey& key, const StoredPiece& piece) {
    try {
        return piece.position + open_piece(codec, key, piece.sealed).plain.size();
    } catch (const Error& error) {
        if (error.code() != Errc::corrupt) throw;
        return piece.position;
    }
}

/// Where the next tail begins; none can: nullopt.
std::optional<TailKey> first_behind(TailId tail) {
    if (++tail.incarnation == 0 && ++tail.source == 0) return std::nullopt;
    return TailKey{tail, 0};
}

}  // namespace

std::string name_of(const TailId& id) {
    return fmt::format("tail of source {}, incarnation {}", id.source, id.incarnation);
}
std::string name_of(const TailKey& key) {
    return fmt::format("{}, piece at {}", name_of(key.tail), key.position);
}

Tail::Tail(StoreState& store, TailId id, std::shared_ptr<void> hold)
    : store_(store), id_(id), hold_(std::move(hold)) {
    const auto last = store_.backend->last_piece(id_, TailDrop::everything);
    if (!last) return;
    const OpenedPiece piece = open_piece(store_.codec, {id_, last->position}, last->sealed);
    end_ = last->position + piece.plain.size();
    last_tag_ = piece.tag;
}
Tail::Tail(Tail&&) noexcept = default;
Tail::~Tail() = default;

void Tail::append(std::uint64_t position, ByteView plain) {
    const TailKey key{id_, position};
    if (end_ && position != *end_)
        throw Error(Errc::invalid, fmt::format("{}: the tail ends at {}", name_of(key), *end_));
    if (plain.empty() || plain.size() > tail_piece_bytes_max ||
        plain.size() >= TailDrop::everything - position)
        throw Error(Errc::invalid, fmt::format("{}: {} bytes", name_of(key), plain.size()));
    store_.log.ensure_writable();
    const Buffer stored = seal(position, plain);
    try {
        store_.backend->append_tail(key, stored);
    } catch (const Error& error) {
        if (error.code() != Errc::no_space) store_.log.turn_read_only();
        throw;
    }
    end_ = position + plain.size();
    std::ranges::copy(stored.view().last(last_tag_.size()), last_tag_.begin());
}

Buffer Tail::seal(std::uint64_t position, ByteView plain) {
    if (sealed_pieces_++ % pieces_per_salt == 0)
        sealer_ = std::make_unique<const Sealer>(store_.seal_keys, SealKind::tail, store_.random);
    return seal_piece(store_.codec, *sealer_, {id_, position}, last_tag_, plain);
}

Tail Store::open_tail(TailId id) {
    state_->log.ensure_writable();
    if (!state_->open_tails.with([&](auto& open) { return open.insert(id).second; }))
        throw Error(Errc::busy, name_of(id) + ": somebody appends to it already");
    std::shared_ptr<void> hold(nullptr, [state = state_.get(), id](void*) {
        state->open_tails.with([&](auto& open) { open.erase(id); });
    });
    return Tail(*state_, id, std::move(hold));
}

void Store::read_tail(TailId id, std::uint64_t from, const PieceVisitor& visit) const {
    const Backend& backend = *state_->backend;
    TailKey first{id, from};
    const auto before = from == 0 ? std::nullopt : backend.last_piece(id, from);
    if (before) {
        const TailKey key{id, before->position};
        if (end_of(state_->codec, key, *before) > from) first = key;
    }
    Chain chain(state_->codec);
    backend.scan_tails(first, [&](const TailKey& key, ByteView stored) {
        return key.tail == id && visit(key.position, chain.take(key, stored));
    });
}

std::vector<TailId> Store::tails() const {
    std::vector<TailId> tails;
    std::optional<TailKey> first = TailKey{};
    while (first) {
        std::optional<TailKey> next;
        state_->backend->scan_tails(*first, [&](const TailKey& key, ByteView) {
            tails.push_back(key.tail);
            next = first_behind(key.tail);
            return false;
        });
        first = next;
    }
    return tails;
}

std::optional<TailKey> Store::lost_piece() const {
    return state_->backend->lost_piece();
}

void StoreState::ensure_whole_pieces(std::span<const TailDrop> drops) const {
    for (const TailDrop& drop : drops) {
        const auto last = backend->last_piece(drop.tail, drop.below);
        if (!last) continue;
        const TailKey key{drop.tail, last->position};
        const std::uint64_t end = end_of(codec, key, *last);
        if (end > drop.below)
            throw Error(Errc::invalid, fmt::format("{}: it ends at {}, and what is below {} goes",
                                                   name_of(key), end, drop.below));
    }
}

std::vector<std::string> StoreState::check_tails() const {
    std::vector<std::string> findings;
    if (const auto lost = backend->lost_piece())
        findings.push_back(name_of(*lost) +
                           ": it was acknowledged and is gone, and so may be others before it");
    Chain chain(codec);
    backend->scan_tails({}, [&](const TailKey& key, ByteView stored) {
        try {
            chain.take(key, stored);
        } catch (const Error& error) {
            if (error.code() != Errc::corrupt) throw;
            findings.emplace_back(error.what());
        }
        return true;
    });
    return findings;
}

}  // namespace yore::store
