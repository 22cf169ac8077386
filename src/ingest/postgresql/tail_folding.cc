// SPDX-License-Identifier: Apache-2.0
#include "ingest/postgresql/tail_folding.h"

#include <yore/base/error.h>
#include <yore/postgresql/wal_header.h>
#include <yore/view/cluster_log.h>

#include <algorithm>
#include <cstring>

namespace yore::ingest {
namespace {

using namespace postgresql;

constexpr std::size_t ahead_bytes = 1u << 20;
constexpr std::size_t waiting_parts_max = 8;

/// As the first bytes of the tail say, which are a segment's; too few to say: nullopt.
std::optional<SegmentSize> segment_size_of(const store::Store& store, store::TailId tail,
                                           const TailExtent& extent) {
    Bytes header(long_page_header_bytes);
    TailFile file(store, tail, extent.begin, extent.end);
    for (std::size_t size = 0; size < header.size();) {
        const std::size_t got = file.read(MutableBytes(header).subspan(size));
        if (got == 0) return std::nullopt;
        size += got;
    }
    return parse_segment_header(header, name_of(tail)).segment_size;
}

/// `rest`: what becomes of a segment that is not whole.
void store_tail(const FoldingOrder& order, store::TailId tail, TailPart::Form rest) {
    const auto extent = extent_of(order.catalog.store(), tail);
    if (!extent) return;
    const auto size = segment_size_of(order.catalog.store(), tail, *extent);
    if (!size) return;
    for (Lsn begin = extent->begin; begin < extent->end; begin.value += size->bytes()) {
        const Lsn end{std::min(begin.value + size->bytes(), extent->end.value)};
        const bool is_whole = end.value == begin.value + size->bytes();
        store_part(order, {tail, begin, end, is_whole ? TailPart::Form::whole : rest}, *size);
    }
}

}  // namespace

TailFile::TailFile(const store::Store& store, store::TailId tail, Lsn from, Lsn until)
    : store_(store), tail_(tail), position_(from.value), until_(until.value) {}

std::size_t TailFile::read(MutableBytes into) {
    if (given_ == ahead_.size() && position_ < until_) read_ahead();
    const std::size_t count = std::min(into.size(), ahead_.size() - given_);
    std::copy_n(ahead_.begin() + static_cast<std::ptrdiff_t>(given_), count, into.begin());
    given_ += count;
    return count;
}

void TailFile::read_ahead() {
    ahead_.clear();
    given_ = 0;
    const std::uint64_t from = position_;
    store_.read_tail(tail_, from, [&](std::uint64_t position, ByteView plain) {
        if (position > position_) return false;
        plain = plain.subspan(static_cast<std::size_t>(position_ - position));
        plain = plain.first(std::min<std::size_t>(plain.size(), until_ - position_));
        ahead_.insert(ahead_.end(), plain.begin(), plain.end());
        position_ += plain.size();
        return ahead_.size() < ahead_bytes && position_ < until_;
    });
    if (position_ == from)
        throw Error(Errc::corrupt, fmt::format("{}: there is nothing at {}", name_of(tail_),
                                               postgresql::to_text(Lsn{from})));
}

std::optional<TailExtent> extent_of(store::Store& store, store::TailId tail) {
    std::optional<Lsn> begin;
    store.read_tail(tail, 0, [&](std::uint64_t position, ByteView) {
        begin = Lsn{position};
        return false;
    });
    const auto end = store.open_tail(tail).end();
    if (!begin || !end) return std::nullopt;
    return TailExtent{*begin, {*end}};
}

void store_part(const FoldingOrder& order, const TailPart& part, SegmentSize size) {
    using Form = TailPart::Form;
    LogFileName name;
    name.kind = part.form == Form::whole ? LogFileName::Kind::segment : LogFileName::Kind::partial;
    name.timeline = view::system_timeline(part.tail.incarnation).timeline;
    name.segment = size.segment_of(part.begin);
    const std::string text = postgresql::to_text(name, size);
    TailFile file(order.catalog.store(), part.tail, part.begin, part.end);
    const StreamReader read = [&](MutableBytes into) { return file.read(into); };
    LogFileOrder stored{order.catalog, order.cache, order.source, text, read, order.clock};
    if (part.form == Form::whole) stored.drop = {part.tail, part.end.value};
    if (part.form == Form::last) stored.drop = {part.tail};
    store_log_file(stored, {});
}

void store_tails(const FoldingOrder& order) {
    std::vector<store::TailId> tails;
    for (const store::TailId& tail : order.catalog.store().tails())
        if (tail.source == order.source.id) tails.push_back(tail);
    if (!order.catalog.source(order.source.id)) {  // purged while its log was received
        std::vector<store::TailDrop> drops;
        for (const store::TailId& tail : tails) drops.push_back({tail});
        order.catalog.store().commit({}, drops);
        return;
    }
    for (const store::TailId& tail : tails)
        store_tail(order, tail, tail == tails.back() ? TailPart::Form::open : TailPart::Form::last);
}

TailFolder::TailFolder(const FoldingOrder& order, SegmentSize size)
    : order_(order), size_(size), thread_([this](const std::stop_token& stop) { run(stop); }) {}
TailFolder::~TailFolder() = default;

void TailFolder::put(const TailPart& part) {
    wait_for(waiting_parts_max);
    {
        const std::scoped_lock lock(mutex_);
        waiting_.push_back(part);
    }
    changed_.notify_all();
}

void TailFolder::finish() {
    wait_for(0);
}

bool TailFolder::is_idle() {
    const std::scoped_lock lock(mutex_);
    if (failure_) std::rethrow_exception(failure_);
    return waiting_.empty();
}

void TailFolder::wait_for(std::size_t waiting_max) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return failure_ || waiting_.size() <= waiting_max; });
    if (failure_) std::rethrow_exception(failure_);
}

void TailFolder::run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (changed_.wait(lock, stop, [&] { return !waiting_.empty(); }) && !failure_) {
        if (stop.stop_requested()) return;
        const TailPart part = waiting_.front();
        lock.unlock();
        std::exception_ptr failure;
        try {
            store_part(order_, part, size_);
        } catch (...) {
            failure = std::current_exception();
        }
        lock.lock();
        failure_ = failure;
        waiting_.pop_front();
        changed_.notify_all();
    }
}

}  // namespace yore::ingest
