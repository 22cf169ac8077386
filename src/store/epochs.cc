// SPDX-License-Identifier: Apache-2.0
#include "store/epochs.h"

namespace yore::store {

std::shared_ptr<void> Epochs::pin() const {
    const std::uint64_t epoch = [&] {
        std::scoped_lock lock(state_->mutex);
        ++state_->pins[state_->current];
        return state_->current;
    }();
    auto unpin = [state = state_, epoch](void*) {
        {
            std::scoped_lock relock(state->mutex);
            auto holders = state->pins.find(epoch);
            if (--holders->second == 0) state->pins.erase(holders);
        }
        state->changed.notify_all();
    };
    return std::shared_ptr<void>(state_.get(), unpin);
}

std::uint64_t Epochs::advance() {
    std::scoped_lock lock(state_->mutex);
    return state_->current++;
}

std::optional<std::uint64_t> Epochs::oldest_pinned() const {
    std::scoped_lock lock(state_->mutex);
    if (state_->pins.empty()) return std::nullopt;
    return state_->pins.begin()->first;
}

bool Epochs::in_use(const State& state, std::uint64_t ended) {
    return !state.pins.empty() && state.pins.begin()->first <= ended;
}

bool Epochs::in_use(std::uint64_t ended) const {
    std::scoped_lock lock(state_->mutex);
    return in_use(*state_, ended);
}

bool Epochs::wait_until_unused(std::uint64_t ended, std::chrono::milliseconds patience) const {
    std::unique_lock lock(state_->mutex);
    return state_->changed.wait_for(lock, patience, [&] { return !in_use(*state_, ended); });
}

}  // namespace yore::store
