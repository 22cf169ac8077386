// SPDX-License-Identifier: Apache-2.0
/// The parts of the server by themselves: answers in pieces, pipes, the list of calls.
#include <chrono>
#include <future>
#include <thread>

#include "../support.h"
#include "server/answer.h"
#include "server/calls.h"
#include "server/listener.h"
#include "server/pipe.h"

using namespace yore;
using namespace yore::server;
using namespace std::chrono_literals;

TEST_CASE("an answer is the same however it is cut") {
    CAPTURE(test::test_seed());
    SeededRandom random(test::test_seed());
    const std::string raw("{\"event\":\"no\"}\n\0\xff\n", 18);
    const std::string answer = "{\"event\":\"a\"}\n{\"bytes\":" + std::to_string(raw.size()) +
                               "}\n" + raw + "{\"bytes\":0}\n{\"result\":\"x\"}\n";
    for (int round = 0; round < 300; ++round) {
        std::vector<nlohmann::json> records;
        std::string bytes;
        AnswerReader reader({[&](const nlohmann::json& record) { records.push_back(record); },
                             [&](ByteView piece) { bytes += as_text(piece); }});
        for (std::size_t at = 0; at < answer.size();) {
            const std::size_t count = 1 + random.below(round % 40 + 1);
            reader.take(std::string_view(answer).substr(at, count));
            at += count;
        }
        REQUIRE(records.size() == 2);
        CHECK(records[0]["event"] == "a");
        CHECK(records[1]["result"] == "x");
        CHECK(bytes == raw);
    }
}

TEST_CASE("what is no answer is refused") {
    for (const char* text : {"\n", "nonsense\n", "[1]\n", "7\n"}) {
        AnswerReader reader({[](const nlohmann::json&) {}, [](ByteView) {}});
        CHECK(test::code_thrown_by([&] { reader.take(text); }) == Errc::corrupt);
    }
}

TEST_CASE("a pipe hands on what it gets, and blocks a writer that is too fast") {
    Pipe pipe;
    const std::string piece(100'000, 'x');
    std::atomic<std::size_t> written = 0;
    std::jthread writer([&] {
        for (int i = 0; i < 50; ++i) {
            REQUIRE(pipe.write(as_bytes(piece)));
            written += piece.size();
        }
        pipe.end(Pipe::End::whole);
    });
    std::this_thread::sleep_for(50ms);
    CHECK(written < 2'000'000);
    Buffer buffer(64'000);
    std::size_t read = 0;
    while (const std::size_t count = pipe.read(buffer.span(), {})) read += count;
    CHECK(read == 5'000'000);
}

TEST_CASE("a broken end is never taken for the end") {
    Pipe pipe;
    REQUIRE(pipe.write(as_bytes("half")));
    pipe.end(Pipe::End::broken);
    Buffer buffer(10);
    CHECK(test::code_thrown_by([&] { pipe.read(buffer.span(), {}); }) == Errc::cancelled);
}

TEST_CASE("a reader that waits is woken by a stop, a writer by the reader's end") {
    Pipe pipe;
    std::stop_source stop;
    auto reading = std::async(std::launch::async, [&] {
        Buffer buffer(10);
        return test::code_thrown_by([&] { pipe.read(buffer.span(), stop.get_token()); });
    });
    std::this_thread::sleep_for(20ms);
    stop.request_stop();
    CHECK(reading.get() == Errc::cancelled);
    const std::string large(3u << 20, 'x');
    REQUIRE(pipe.write(as_bytes(large)));  // into an empty pipe it goes at once
    auto writing = std::async(std::launch::async, [&] { return pipe.write(as_bytes(large)); });
    std::this_thread::sleep_for(20ms);
    pipe.abandon();
    CHECK_FALSE(writing.get());
}

TEST_CASE("calls are taken until nothing is left to do, and none after") {
    Calls calls;
    std::atomic<bool> idle = false;
    auto first = calls.begin("first");
    auto closing =
        std::async(std::launch::async, [&] { calls.close_when([&] { return idle.load(); }); });
    auto second = calls.begin("second");
    REQUIRE(second);
    CHECK(calls.in_progress() == std::vector<std::string>{"first", "second"});
    first.reset();
    second.reset();
    CHECK(closing.wait_for(30ms) == std::future_status::timeout);  // not idle yet
    CHECK(calls.begin("third") != nullptr);
    idle = true;
    calls.changed();
    closing.get();
    CHECK(calls.begin("late") == nullptr);
}

TEST_CASE("who drains takes no more calls, and is drained with the last") {
    Calls calls;
    const auto drained = calls.drained();
    auto one = calls.begin("one"), two = calls.begin("two");
    calls.drain();
    CHECK(calls.draining());
    CHECK(calls.begin("three") == nullptr);
    CHECK_FALSE(one->stop().stop_requested());
    auto closing = std::async(std::launch::async, [&] { calls.close_when([] { return false; }); });
    one.reset();
    CHECK_FALSE(drained.stop_requested());
    CHECK(closing.wait_for(30ms) == std::future_status::timeout);
    two.reset();
    CHECK(drained.stop_requested());
    closing.get();
    Calls nothing_to_do;
    nothing_to_do.drain();
    CHECK(nothing_to_do.drained().stop_requested());
}

TEST_CASE("a stop reaches every call") {
    Calls calls;
    const auto one = calls.begin("one"), two = calls.begin("two");
    calls.stop_all();
    CHECK(one->stop().stop_requested());
    CHECK(two->stop().stop_requested());
    CHECK_FALSE(calls.begin("three")->stop().stop_requested());
}

TEST_CASE("only the same user and root may connect") {
    CHECK(may_connect(1000, 1000));
    CHECK(may_connect(0, 1000));
    CHECK(may_connect(0, 0));
    CHECK_FALSE(may_connect(1000, 0));
    CHECK_FALSE(may_connect(1001, 1000));
}

TEST_CASE("who drains ends what would not end by itself, and waits for the rest") {
    Calls calls;
    auto backup = calls.begin("snapshot");
    auto follower = calls.begin("log-follow", Calls::Ends::when_stopped);
    calls.drain();
    CHECK(calls.drain_asked().stop_requested());
    CHECK(follower->stop().stop_requested());
    CHECK(follower->drained());
    CHECK_FALSE(backup->stop().stop_requested());
    CHECK_FALSE(backup->drained());
    CHECK(calls.begin("log-follow", Calls::Ends::when_stopped) == nullptr);
    follower.reset();
    CHECK_FALSE(calls.drained().stop_requested());
    backup.reset();
    CHECK(calls.drained().stop_requested());
}
