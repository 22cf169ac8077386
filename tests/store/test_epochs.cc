// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch.hpp>

#include "store/epochs.h"

using yore::store::Epochs;
using namespace std::chrono_literals;

TEST_CASE("An epoch is in use while a pin of it or of an earlier one is held") {
    Epochs epochs;
    CHECK(epochs.oldest_pinned() == std::nullopt);
    CHECK_FALSE(epochs.in_use(epochs.advance()));
    auto early = epochs.pin();
    auto copy = early;
    const auto first = epochs.advance();
    auto late = epochs.pin();
    CHECK(epochs.oldest_pinned() == first);
    CHECK(epochs.in_use(first));
    early.reset();
    CHECK(epochs.in_use(first));
    copy.reset();
    CHECK_FALSE(epochs.in_use(first));
    const auto second = epochs.advance();
    CHECK(epochs.in_use(second));
    late.reset();
    CHECK_FALSE(epochs.in_use(second));
}

TEST_CASE("Waiting ends when the last reader goes, or patience does") {
    Epochs epochs;
    auto pin = epochs.pin();
    const auto ended = epochs.advance();
    CHECK_FALSE(epochs.wait_until_unused(ended, 1ms));
    std::jthread reader([held = std::move(pin)]() mutable {
        std::this_thread::sleep_for(20ms);
        held.reset();
    });
    CHECK(epochs.wait_until_unused(ended, 60s));
}

TEST_CASE("A pin may outlive its registry") {
    std::shared_ptr<void> pin;
    {
        Epochs epochs;
        pin = epochs.pin();
    }
    pin.reset();
}

TEST_CASE("What is retired is not given back under a reader") {
    Epochs epochs;
    std::atomic<int> current = 0;
    std::vector<std::atomic<bool>> given_back(200);
    std::atomic<bool> broken = false, done = false;
    std::vector<std::jthread> readers;
    for (int r = 0; r < 3; ++r) {
        readers.emplace_back([&] {
            while (!done) {
                auto pin = epochs.pin();
                const int seen = current;
                std::this_thread::yield();
                if (given_back[static_cast<std::size_t>(seen)]) broken = true;
            }
        });
    }
    for (int next = 1; next < 200; ++next) {
        const int retired = current.exchange(next);
        const auto ended = epochs.advance();
        REQUIRE(epochs.wait_until_unused(ended, 60s));
        given_back[static_cast<std::size_t>(retired)] = true;
    }
    done = true;
    readers.clear();
    CHECK_FALSE(broken);
}
