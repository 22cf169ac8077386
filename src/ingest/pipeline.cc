// SPDX-License-Identifier: Apache-2.0
#include "ingest/pipeline.h"

#include <yore/base/error.h>

#include <utility>

namespace yore::ingest {
namespace {

std::size_t bytes_of(const Parcel& parcel) {
    return parcel.piece ? parcel.piece->bytes.size() : 0;
}

}  // namespace

Pipeline::Pipeline(store::Writer& writer, Options options, Deliver deliver)
    : writer_(writer), options_(options), deliver_(std::move(deliver)) {
    for (unsigned i = 0; i < options_.workers; ++i) workers_.emplace_back([this] { work(); });
}

Pipeline::~Pipeline() {
    abandon();
}

void Pipeline::abandon() {
    {
        std::scoped_lock lock(mutex_);
        ending_ = true;
    }
    work_.notify_all();
    workers_.clear();  // joins: they look at the other members
}

void Pipeline::check(const std::stop_token& stop) const {
    if (failure_) std::rethrow_exception(failure_);
    if (stop.stop_requested()) throw Error(Errc::cancelled, "the snapshot was stopped");
}

void Pipeline::submit(Parcel&& parcel, const std::stop_token& stop) {
    {
        std::unique_lock lock(mutex_);
        room_.wait(lock, stop, [&] {
            return failure_ || (bytes_ < options_.bytes_max && line_.size() < options_.parcels_max);
        });
        check(stop);
        bytes_ += bytes_of(parcel);
        line_.push_back({std::move(parcel)});
    }
    work_.notify_one();
}

void Pipeline::finish(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    room_.wait(lock, stop, [&] { return failure_ || (line_.empty() && !delivering_); });
    check(stop);
}

void Pipeline::work() {
    std::unique_lock lock(mutex_);
    for (;;) {
        work_.wait(lock, [&] { return ending_ || failure_ || taken_ < line_.size(); });
        if (ending_ || failure_) return;
        Slot& slot = line_[taken_++];  // stays in place while the line changes at its ends
        lock.unlock();
        try {
            prepare(slot.parcel);
            lock.lock();
        } catch (...) {
            lock.lock();
            fail(std::current_exception());
            return;
        }
        slot.ready = true;
        deliver_ready(lock);
    }
}

void Pipeline::prepare(Parcel& parcel) {
    if (parcel.piece)
        parcel.prepared = writer_.prepare_chunk(parcel.piece->bytes, parcel.piece->hints);
}

void Pipeline::deliver_ready(std::unique_lock<std::mutex>& lock) {
    if (delivering_) return;
    delivering_ = true;
    while (!line_.empty() && line_.front().ready && !failure_ && !ending_) {
        Parcel parcel = std::move(line_.front().parcel);
        line_.pop_front();
        --taken_;
        const std::size_t bytes = bytes_of(parcel);
        lock.unlock();
        try {
            deliver_(std::move(parcel));
            lock.lock();
        } catch (...) {
            lock.lock();
            fail(std::current_exception());
        }
        bytes_ -= bytes;
        room_.notify_all();
    }
    delivering_ = false;
    room_.notify_all();
}

void Pipeline::fail(std::exception_ptr failure) {
    if (!failure_) failure_ = std::move(failure);
    work_.notify_all();
    room_.notify_all();
}

}  // namespace yore::ingest
