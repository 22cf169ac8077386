// SPDX-License-Identifier: Apache-2.0
#include <yore/base/error.h>
#include <yore/store/store.h>

#include <algorithm>
#include <utility>

#include "store/packing_writer.h"
#include "store/store_state.h"

namespace yore::store {
namespace {

/// Numbers grow from pack to pack and rows are sorted by them: the first number above all rows, by
/// bisection, as tables are only read forward.
std::uint64_t first_free_pack_number(const Backend& backend) {
    auto has_row_from = [&](std::uint64_t number) {
        bool any = false;
        backend.scan(Table::packs, {}, format::pack_key(number), [&](ByteView, ByteView) {
            any = true;
            return false;
        });
        return any;
    };
    std::uint64_t low = 0;
    std::uint64_t high = std::uint64_t{1} << (64 - Location::item_bits);
    while (low < high) {
        std::uint64_t middle = low + (high - low) / 2;
        if (has_row_from(middle)) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return std::max<std::uint64_t>(low, 1);
}

/// A new backend gets its first commit.
Backend& founded(Backend& backend, const RepositoryId& repository) {
    if (backend.last_commit() == CommitNumber{}) found_repository(backend, repository);
    return backend;
}

/// What a thread reads sealed bytes into; kept, as large as a chunk of usual size.
Buffer& scratch() {
    constexpr std::size_t kept_bytes_max = 1u << 20;
    thread_local Buffer buffer;
    if (buffer.capacity() > kept_bytes_max) buffer = Buffer();
    return buffer;
}

Error not_there(Domain domain, const format::ObjectId& id) {
    return Error(Errc::not_found, fmt::format("no {}", name_of(domain, id)),
                 {"something refers to an object that is not stored: run `yore verify`"});
}

}  // namespace

std::string name_of(Domain domain, const format::ObjectId& id) {
    return fmt::format("{} {}", domain == Domain::chunk ? "chunk" : "node", to_hex(id));
}

std::size_t plain_bytes_max(Domain domain) {
    return domain == Domain::chunk ? chunk_bytes_max : node_bytes_max;
}

StoreState::StoreState(std::unique_ptr<Backend> backend_given, Keys keys_given,
                       StoreOptions options_given, const Clock& clock_given)
    : backend(std::move(backend_given)),
      keys(std::move(keys_given)),
      options(std::move(options_given)),
      clock(clock_given),
      log(founded(*backend, keys.repository), keys, seal_keys, codec, clock, options, damaged),
      next_pack_(first_free_pack_number(*backend)) {
    load_pack_states();
    load_damage();
    if (keys.encryption == Encryption::none) return;
    chunk_hash.emplace(keys.chunk_ids.view());
    node_hash.emplace(keys.node_ids.view());
}

format::ObjectId StoreState::id_of(Domain domain, ByteView plain) const {
    const auto& hash = domain == Domain::chunk ? chunk_hash : node_hash;
    return hash ? hash->digest(plain) : crypto::sha256(plain);
}

std::optional<ObjectInfo> StoreState::find(Domain domain, const format::ObjectId& id) const {
    const Bytes key = format::index_key(domain, id);
    const auto value = backend->get(Table::index, key);
    if (!value) return std::nullopt;
    const auto row = doing([&] { return "index entry of " + name_of(domain, id); },
                           [&] { return format::decode_index_row(key, *value); });
    return ObjectInfo{row.location, row.plain_bytes, row.stored_bytes, row.base};
}

std::optional<ObjectInfo> StoreState::find_to_reuse(Domain domain,
                                                    const format::ObjectId& id) const {
    auto info = find(domain, id);
    if (!info || condemned.contains(info->location.pack_number()) || damaged.contains(domain, id))
        return std::nullopt;
    if (!info->base) return info;
    if (damaged.contains(Domain::chunk, info->base->bytes)) return std::nullopt;
    const auto base = find(Domain::chunk, info->base->bytes);
    if (!base || base->base || condemned.contains(base->location.pack_number()))
        return std::nullopt;
    return info;
}

std::shared_ptr<void> StoreState::begin_build(CommitNumber base) {
    builds.with([&](auto& all) { all.insert(base); });
    auto end = [this, base, pin = epochs.pin()](void*) {
        builds.with([&](auto& all) { all.erase(all.find(base)); });
    };
    return std::shared_ptr<void>(nullptr, std::move(end));
}

CommitNumber StoreState::oldest_build() const {
    const CommitNumber last = log.last();
    return builds.with([&](const auto& all) { return all.empty() ? last : *all.begin(); });
}

CommitNumber StoreState::commit(CommitRequest& request) {
    const CommitNumber number = log.commit(request);
    std::vector<std::shared_ptr<Subscriber>> called;
    subscribers.with([&](auto& all) {
        std::erase_if(all, [](const auto& subscriber) { return subscriber.expired(); });
        for (const auto& subscriber : all) {
            if (auto alive = subscriber.lock()) called.push_back(std::move(alive));
        }
    });
    for (const auto& subscriber : called) (*subscriber)(number);
    return number;
}

Store::Store(std::unique_ptr<Backend> backend, Keys keys, StoreOptions options, const Clock& clock)
    : state_(std::make_unique<StoreState>(std::move(backend), std::move(keys), std::move(options),
                                          clock)) {}
Store::~Store() = default;

/// Looks up, reads, opens. A location that is gone was moved meanwhile: it is looked up once more.
Buffer StoreState::get(Domain domain, const format::ObjectId& id,
                       const Store::BaseSource& base_of) const {
    std::optional<Location> gone;
    for (;;) {
        const auto info = find(domain, id);
        if (!info) throw not_there(domain, id);
        auto plain = doing([&] { return name_of(domain, id); },
                           [&] {
                               if (info->location == gone)
                                   throw Error(Errc::corrupt, "it is not where the index says");
                               return get_at(domain, id, *info, base_of);
                           });
        if (plain) return std::move(*plain);
        gone = info->location;
    }
}

/// Nothing is there any more: nullopt.
std::optional<Buffer> StoreState::get_at(Domain domain, const format::ObjectId& id,
                                         const ObjectInfo& info,
                                         const Store::BaseSource& base_of) const {
    std::shared_ptr<const Buffer> base;
    if (info.base) base = plain_base(*info.base, base_of);
    Buffer& sealed = scratch();
    if (!read_sealed(domain, info, sealed)) return std::nullopt;
    SealName name{seal_kind(domain), id};
    if (info.base) name.base = info.base->view();
    Buffer plain = codec.unpack(sealed.span(), name, base ? base->view() : ByteView{},
                                plain_bytes_max(domain));
    if (plain.size() != info.plain_bytes)
        throw Error(Errc::corrupt, "its length is not what the index says");
    return plain;
}

std::shared_ptr<const Buffer> StoreState::plain_base(const ChunkId& base,
                                                     const Store::BaseSource& base_of) const {
    return doing([] { return "base of a delta"; },
                 [&] {
                     auto info = find(Domain::chunk, base.bytes);
                     if (!info) throw not_there(Domain::chunk, base.bytes);
                     if (info->base) throw Error(Errc::corrupt, "it is itself a delta");
                     if (base_of) return base_of(base);
                     return std::make_shared<const Buffer>(get(Domain::chunk, base.bytes, {}));
                 });
}

bool StoreState::read_sealed(Domain domain, const ObjectInfo& info, Buffer& into) const {
    if (!backend->read(domain, info.location, into)) return false;
    if (into.size() != info.stored_bytes)
        throw Error(Errc::corrupt, "it is not as long as the index says");
    return true;
}

Buffer Store::get(const ChunkId& id, const BaseSource& base_of) const {
    return state_->get(Domain::chunk, id.bytes, base_of);
}
Buffer Store::get(const NodeId& id) const {
    return state_->get(Domain::node, id.bytes, {});
}

std::optional<ObjectInfo> Store::find(const ChunkId& id) const {
    return state_->find(Domain::chunk, id.bytes);
}
std::optional<ObjectInfo> Store::find(const NodeId& id) const {
    return state_->find(Domain::node, id.bytes);
}

ChunkId Store::chunk_id(ByteView plain) const {
    return {state_->id_of(Domain::chunk, plain)};
}
NodeId Store::node_id(ByteView plain) const {
    return {state_->id_of(Domain::node, plain)};
}

std::unique_ptr<Writer> Store::write() {
    return make_writer(*state_);
}

CommitNumber Store::commit(std::span<const RecordChange> records,
                           std::span<const TailDrop> tail_drops) {
    if (records.empty() && tail_drops.empty()) return last_commit();
    state_->ensure_whole_pieces(tail_drops);
    CommitRequest request;
    request.built_on = last_commit();
    request.records = records;
    request.tail_drops = tail_drops;
    return state_->commit(request);
}

CommitNumber Store::last_commit() const {
    return state_->log.last();
}

std::shared_ptr<void> Store::on_commit(std::function<void(CommitNumber)> subscriber) {
    auto token = std::make_shared<StoreState::Subscriber>(std::move(subscriber));
    state_->subscribers.with([&](auto& all) { all.push_back(token); });
    return token;
}

std::optional<Bytes> Store::record(ByteView key) const {
    auto sealed = state_->backend->get(Table::catalog, key);
    if (!sealed) return std::nullopt;
    return state_->log.open_record(key, *sealed);
}

void Store::scan_records(ByteView prefix, ByteView first,
                         const std::function<bool(ByteView, ByteView)>& visit) const {
    state_->backend->scan(Table::catalog, prefix, first, [&](ByteView key, ByteView sealed) {
        return visit(key, state_->log.open_record(key, sealed));
    });
}

void Store::scan_record_keys(ByteView prefix, ByteView first,
                             const std::function<bool(ByteView)>& visit) const {
    state_->backend->scan(Table::catalog, prefix, first,
                          [&](ByteView key, ByteView) { return visit(key); });
}

void Store::scan_changes(
    CommitNumber after, ByteView prefix,
    const std::function<void(ByteView key, const std::optional<Bytes>&)>& visit) const {
    const std::uint64_t last = last_commit().value;
    for (std::uint64_t number = after.value + 1; number <= last; ++number) {
        const auto read = state_->log.read({number});
        if (!read) throw Error(Errc::corrupt, fmt::format("commit {} is not there", number));
        for (const format::CommittedRecord& record : read->entry.records)
            if (equal(ByteView(record.key).first(std::min(record.key.size(), prefix.size())),
                      prefix))
                visit(record.key, record.value);
    }
}

EpochPin Store::pin() const {
    return EpochPin(state_->epochs.pin());
}
const Keys& Store::keys() const {
    return state_->keys;
}
bool Store::read_only() const {
    return state_->log.read_only();
}

}  // namespace yore::store
