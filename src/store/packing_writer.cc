// SPDX-License-Identifier: Apache-2.0
#include "store/packing_writer.h"

#include <yore/base/error.h>
#include <yore/base/log.h>

#include <algorithm>
#include <utility>

namespace yore::store {
namespace {

/// A base that cannot be read costs space, not the backup.
std::optional<DeltaBase> ask_for_base(const ChunkHints& hints) {
    if (!hints.base) return std::nullopt;
    try {
        return hints.base();
    } catch (const Error& error) {
        if (error.code() == Errc::cancelled) throw;
        log_warning("a changed block is stored whole: {}", error.what());
        return std::nullopt;
    }
}

void check_size(Domain domain, ByteView plain) {
    if (plain.size() <= plain_bytes_max(domain)) return;
    throw Error(Errc::invalid,
                fmt::format("a {} of {} bytes is too long",
                            domain == Domain::chunk ? "chunk" : "node", plain.size()));
}

}  // namespace

std::unique_ptr<Writer> make_writer(StoreState& store) {
    return std::make_unique<PackingWriter>(store);
}

PackingWriter::PackingWriter(StoreState& store)
    : store_(store),
      built_on_(store.log.last()),
      build_(store.begin_build(built_on_)),
      last_commit_(std::chrono::steady_clock::now()) {
    store.log.ensure_writable();
    start_pack(Domain::chunk);
    start_pack(Domain::node);
    thread_ = std::jthread([this](std::stop_token stop) { run(stop); });
}

PackingWriter::~PackingWriter() {
    thread_.request_stop();
    thread_.join();
    if (store_.log.read_only()) return;
    for (const FinishedPack& pack : background_.finished) {
        if (pack.is_inline) continue;
        try {
            store_.backend->drop_pack(pack.index.domain, pack.number);
        } catch (const Error& error) {
            log_warning(
                "a pack that was not committed stays behind until the repository is opened "
                "again: {}",
                error.what());
        }
    }
}

Prepared PackingWriter::prepare_chunk(ByteView plain, const ChunkHints& hints) {
    Prepared prepared = claim(Domain::chunk, plain);
    if (!prepared.is_new()) return prepared;
    const Effort effort{store_.options.zstd_level, hints.content};
    if (!seal_delta(prepared, plain, hints, effort)) seal_whole(prepared, plain, effort);
    return prepared;
}

Prepared PackingWriter::prepare_node(ByteView plain) {
    Prepared prepared = claim(Domain::node, plain);
    if (prepared.is_new()) seal_whole(prepared, plain, {store_.options.zstd_level});
    return prepared;
}

/// Claims first, looks up then: a commit that takes objects from the claims to the index in between
/// is seen either way.
Prepared PackingWriter::claim(Domain domain, ByteView plain) {
    check_size(domain, plain);
    Prepared prepared;
    prepared.domain_ = domain;
    prepared.plain_bytes_ = static_cast<std::uint32_t>(plain.size());
    prepared.id_ = store_.id_of(domain, plain);
    if (!claims_->claim(domain, prepared.id_)) return prepared;
    prepared.claims_ = claims_;
    if (store_.find_to_reuse(domain, prepared.id_)) {
        claims_->forget(domain, prepared.id_);
        prepared.claims_.reset();
    }
    return prepared;
}

void PackingWriter::seal_whole(Prepared& prepared, ByteView plain, Effort effort) const {
    auto sealer = open(prepared.domain_).sealer.with([](const auto& current) { return current; });
    prepared.sealed_ =
        store_.codec.pack(*sealer, {seal_kind(prepared.domain_), prepared.id_}, plain, effort);
}

/// True: `prepared` is sealed, as a delta or, when that turned out not to be worth it, whole.
bool PackingWriter::seal_delta(Prepared& prepared, ByteView plain, const ChunkHints& hints,
                               Effort effort) const {
    auto base = ask_for_base(hints);
    if (!base || !base->plain) return false;
    // Stored whole in a pack that is going: others may build on it, so it stays whole.
    auto old = store_.find(Domain::chunk, prepared.id_);
    if (old && !old->base) return false;
    auto info = store_.find_to_reuse(Domain::chunk, base->id.bytes);
    if (!info || info->base || info->plain_bytes != base->plain->size()) return false;
    auto sealer = open(Domain::chunk).sealer.with([](const auto& current) { return current; });
    auto made = store_.codec.pack_delta(*sealer, {SealKind::chunk, prepared.id_, base->id.view()},
                                        plain, {base->plain->view(), info->stored_bytes}, effort);
    if (made.delta) {
        prepared.sealed_ = std::move(*made.delta);
        prepared.base_ = base->id;
    } else if (made.whole) {
        prepared.sealed_ = std::move(*made.whole);
    }
    return !prepared.sealed_.empty();
}

void PackingWriter::append(Prepared&& prepared) {
    rethrow_failure();
    if (!prepared.is_new()) return;
    YORE_ENSURE(prepared.claims_ == claims_);
    prepared.claims_.reset();
    format::PackItem item{.id = prepared.id_,
                          .stored_bytes = static_cast<std::uint32_t>(prepared.sealed_.size()),
                          .plain_bytes = prepared.plain_bytes_,
                          .base = prepared.base_};
    append_sealed({prepared.domain_, std::move(item), std::move(prepared.sealed_)});
}

void PackingWriter::append_sealed(SealedObject&& object) {
    const Domain domain = object.domain;
    const format::ObjectId id = object.item.id;
    Open& target = open(domain);
    std::scoped_lock lock(target.mutex);
    try {
        target.pack->append(std::move(object));
        claims_->appended(domain, id);
        if (!target.pack->full()) return;
        hand_over(std::move(*target.pack));
        start_pack(domain);
    } catch (...) {
        fail(std::current_exception());
        throw;
    }
}

/// The caller holds the mutex of the open pack, or is alone.
void PackingWriter::start_pack(Domain domain) {
    Open& target = open(domain);
    target.pack.emplace(store_, domain);
    target.sealer.with([&](auto& current) { current = target.pack->sealer(); });
}

void PackingWriter::hand_over(PackBuilder&& pack) {
    std::unique_lock lock(background_.mutex);
    background_.changed.wait(
        lock, [&] { return background_.error || background_.full.size() < waiting_packs_max; });
    if (background_.error) std::rethrow_exception(background_.error);
    background_.full.push_back(std::move(pack));
    background_.changed.notify_all();
}

std::vector<PackBuilder> PackingWriter::take_open_packs() {
    std::vector<PackBuilder> packs;
    for (Domain domain : {Domain::chunk, Domain::node}) {
        Open& target = open(domain);
        std::scoped_lock lock(target.mutex);
        if (target.pack->empty()) continue;
        packs.push_back(std::move(*target.pack));
        start_pack(domain);
    }
    return packs;
}

CommitNumber PackingWriter::commit(std::span<const RecordChange> records,
                                   std::span<const TailDrop> tail_drops) {
    rethrow_failure();
    store_.ensure_whole_pieces(tail_drops);
    for (SealedObject& orphan : claims_->take_orphans()) append_sealed(std::move(orphan));
    if (!records.empty() && claims_->has_open_promises()) {
        throw Error(Errc::invalid, "commit: an object that others rely on is not appended yet");
    }
    std::vector<PackBuilder> open_packs = take_open_packs();
    try {
        std::vector<FinishedPack> packs = begin_commit();
        for (PackBuilder& pack : open_packs) packs.push_back(pack.finish());
        CommitNumber number = commit_packs(std::move(packs), records, tail_drops);
        if (!records.empty()) {  // else what was reused is still to be named by a record
            built_on_ = store_.log.last();
            build_ = store_.begin_build(built_on_);
        }
        end_work();
        return number;
    } catch (...) {
        fail(std::current_exception());
        throw;
    }
}

std::vector<FinishedPack> PackingWriter::begin_commit() {
    std::unique_lock lock(background_.mutex);
    background_.changed.wait(lock, [&] {
        return background_.error || (background_.full.empty() && !background_.working);
    });
    if (background_.error) std::rethrow_exception(background_.error);
    background_.working = true;
    return std::exchange(background_.finished, {});
}

void PackingWriter::end_work() {
    std::scoped_lock lock(background_.mutex);
    background_.working = false;
    background_.changed.notify_all();
}

CommitNumber PackingWriter::commit_packs(std::vector<FinishedPack>&& packs,
                                         std::span<const RecordChange> records,
                                         std::span<const TailDrop> tail_drops) {
    if (packs.empty() && records.empty() && tail_drops.empty()) return store_.log.last();
    CommitRequest request;
    request.built_on = built_on_;
    request.packs = std::move(packs);
    request.records = records;
    request.tail_drops = tail_drops;
    CommitNumber number = store_.commit(request);
    last_commit_ = std::chrono::steady_clock::now();
    for (const FinishedPack& pack : request.packs) {
        for (const format::PackItem& item : pack.index.items) {
            claims_->forget(pack.index.domain, item.id);
        }
    }
    return number;
}

void PackingWriter::fail(std::exception_ptr failure) noexcept {
    try {
        std::rethrow_exception(failure);
    } catch (const Error& error) {
        if (error.code() == Errc::io) store_.log.turn_read_only();
    } catch (...) {
    }
    std::scoped_lock lock(background_.mutex);
    if (!background_.error) background_.error = std::move(failure);
    background_.changed.notify_all();
}

void PackingWriter::rethrow_failure() {
    std::scoped_lock lock(background_.mutex);
    if (background_.error) std::rethrow_exception(background_.error);
}

Prepared& Prepared::operator=(Prepared&& other) noexcept {
    if (this == &other) return *this;
    give_up();
    claims_ = std::move(other.claims_);
    domain_ = other.domain_;
    id_ = other.id_;
    plain_bytes_ = other.plain_bytes_;
    base_ = other.base_;
    sealed_ = std::move(other.sealed_);
    return *this;
}

Prepared::~Prepared() {
    give_up();
}

void Prepared::give_up() {
    if (!claims_) return;
    auto claims = std::exchange(claims_, nullptr);
    format::PackItem item{.id = id_,
                          .stored_bytes = static_cast<std::uint32_t>(sealed_.size()),
                          .plain_bytes = plain_bytes_,
                          .base = base_};
    claims->give_up({domain_, std::move(item), std::move(sealed_)});
}

ChunkId Prepared::chunk_id() const {
    YORE_ENSURE(domain_ == Domain::chunk);
    return {id_};
}
NodeId Prepared::node_id() const {
    YORE_ENSURE(domain_ == Domain::node);
    return {id_};
}
std::uint32_t Prepared::stored_bytes() const {
    return static_cast<std::uint32_t>(sealed_.size());
}

}  // namespace yore::store
