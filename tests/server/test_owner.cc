// SPDX-License-Identifier: Apache-2.0
/// The owner's socket: who may come, what happens when either side goes away, how it ends.
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <future>
#include <thread>

#include <httplib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../command/command_fixture.h"
#include "raw_peer.h"
#include "server/listener.h"

using namespace yore;
using namespace yore::test;
using namespace std::chrono_literals;

namespace {

const nlohmann::json stream{{"source", "db"}, {"stream", true}, {"file", "db.sql"}};

/// An input that comes when the test says so: the command in between runs as long as it likes.
class SlowInput final : public command::Input {
  public:
    std::size_t read(MutableBytes into, const std::stop_token& stop) override {
        std::unique_lock lock(mutex_);
        asked_ = true;
        changed_.notify_all();
        if (!changed_.wait(lock, stop, [&] { return ended_ || fails_; }))
            throw Error(Errc::cancelled, "interrupted");
        if (fails_) throw Error(Errc::io, "the disk is on fire");
        (void)into;
        return 0;
    }
    void wait_until_asked() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return asked_; });
    }
    void end() { set(ended_); }
    void fail() { set(fails_); }

  private:
    void set(bool& what) {
        std::scoped_lock lock(mutex_);
        what = true;
        changed_.notify_all();
    }
    std::mutex mutex_;
    std::condition_variable_any changed_;
    bool asked_ = false, ended_ = false, fails_ = false;
};

/// A command at the owner that is in progress until its input ends.
struct RunningCall {
    explicit RunningCall(const CommandFixture& repo) : client(repo.place) {
        done = std::async(std::launch::async, [this]() -> std::optional<Errc> {
            Heard heard;
            return code_thrown_by([&] {
                const command::Call call{stream, heard, input, stop.get_token()};
                result = client.run("snapshot", call);
            });
        });
        input.wait_until_asked();
    }
    server::Client client;
    SlowInput input;
    std::stop_source stop;
    std::optional<nlohmann::json> result;
    std::future<std::optional<Errc>> done;
};

bool within_seconds(const std::function<bool()>& holds) {
    for (int i = 0; i < 1000; ++i) {
        if (holds()) return true;
        std::this_thread::sleep_for(10ms);
    }
    return false;
}

unsigned mode_of(const std::string& path) {
    struct stat info {};
    REQUIRE(::lstat(path.c_str(), &info) == 0);
    return info.st_mode & 07777;
}

std::size_t snapshots_of(CommandFixture& repo, const char* source) {
    const auto found = repo.owner->context().catalog().source(source);
    return found ? repo.owner->context().catalog().snapshot_names(found->id).size() : 0;
}

}  // namespace

TEST_CASE("the socket is for its user alone", "[owner]") {
    CommandFixture repo;
    CHECK(mode_of(repo.place.directory) == 0700);
    CHECK(mode_of(repo.place.socket()) == 0600);
}

TEST_CASE("a peer of another user is refused even when the modes would let it in", "[owner]") {
    if (::geteuid() != 0) return;  // only root can be two users
    CommandFixture repo;
    ::chmod(repo.scratch.path().c_str(), 0755);
    ::chmod(repo.place.directory.c_str(), 0755);
    ::chmod(repo.place.socket().c_str(), 0666);
    const auto answered_as = [&](uid_t user) {
        const pid_t child = ::fork();
        if (child == 0) {
            if (::setresuid(user, user, user) != 0) ::_exit(2);
            try {
                RawPeer peer(repo.place.socket());
                peer.say("GET /v1/owner HTTP/1.1\r\nHost: x\r\n\r\n");
                ::_exit(peer.hear_all().empty() ? 1 : 0);
            } catch (const Error&) {
                ::_exit(2);
            }
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WEXITSTATUS(status);
    };
    CHECK(answered_as(0) == 0);
    CHECK(answered_as(65534) == 1);
}

TEST_CASE("a place that others may enter, or that is not ours, is refused", "[owner]") {
    const TemporaryDirectory scratch;
    const server::Place place{scratch / "run"};
    CHECK_FALSE(server::is_there(place));
    server::make_place(place);
    CHECK(server::is_there(place));
    ::chmod(place.directory.c_str(), 0750);
    CHECK(code_thrown_by([&] { server::make_place(place); }) == Errc::denied);
    CHECK(code_thrown_by([&] { server::Client(place).owner(); }) == Errc::denied);
    ::rmdir(place.directory.c_str());
    ::symlink("/root", place.directory.c_str());
    CHECK(code_thrown_by([&] { server::make_place(place); }) == Errc::denied);
}

TEST_CASE("the owner says who it is", "[owner]") {
    CommandFixture repo;
    const auto who = server::Client(repo.place).owner();
    REQUIRE(who);
    CHECK((*who)["pid"] == ::getpid());
    CHECK((*who)["command"] == "yore test");
    CHECK((*who)["version"] == YORE_VERSION);
    CHECK((*who)["repository"] == repo.scratch / "repository");
    CHECK((*who)["mounts"].empty());
    CHECK((*who)["calls"].empty());
    CHECK((*who)["life"] == "mounts");
    CHECK((*who)["draining"] == false);
}

TEST_CASE("there is one owner; who comes second keeps its keys and is told", "[owner]") {
    CommandFixture repo;
    const auto directory = repo.scratch / "repository";
    auto unlocked = command::unlock(directory, command::load_key_file(directory), {});
    for (int i = 0; i < 2; ++i)
        CHECK(server::Owner::take(std::move(unlocked), {}, repo.place, repo.clock, repo.random) ==
              nullptr);
    CHECK(store::RepositoryLock::owner_of(directory)->command == "yore test");
    repo.owner.reset();
    CHECK_FALSE(server::Client(repo.place).owner());
    CHECK(server::Owner::take(std::move(unlocked), {}, repo.place, repo.clock, repo.random));
}

TEST_CASE("a successor waits for what runs, and nothing new begins", "[owner]") {
    CommandFixture repo({}, command::OwnerLife::server);
    RunningCall running(repo);
    const auto facts = server::Client(repo.place).drain();
    REQUIRE(facts);
    CHECK((*facts)["draining"] == true);
    CHECK((*facts)["calls"] == nlohmann::json::array({"snapshot"}));
    Heard heard;
    command::NoInput nothing;
    const auto request = nlohmann::json::object();
    CHECK_FALSE(server::Client(repo.place).run("info", {request, heard, nothing, {}}));
    CHECK_FALSE(repo.owner->drained().stop_requested());
    auto finished = std::async(std::launch::async, [&] { repo.owner->finish({}); });
    CHECK(finished.wait_for(30ms) == std::future_status::timeout);
    running.input.end();
    CHECK_FALSE(running.done.get());
    CHECK(running.result);
    finished.get();
    CHECK(within_seconds([&] { return repo.owner->drained().stop_requested(); }));
    CHECK(snapshots_of(repo, "db") == 1);
}

TEST_CASE("the socket of an owner that died is replaced", "[owner]") {
    CommandFixture repo;
    const auto directory = repo.scratch / "repository";
    repo.owner.reset();
    server::make_place(repo.place);
    {
        const server::Listener dead(repo.place, [](int, const server::Peer&) {});
    }
    std::ofstream(repo.place.socket()) << "not even a socket";
    CHECK_FALSE(server::Client(repo.place).owner());
    const auto owner =
        server::Owner::take(command::unlock(directory, command::load_key_file(directory), {}), {},
                            repo.place, repo.clock, repo.random);
    CHECK(server::Client(repo.place).owner());
}

TEST_CASE("what cannot be opened leaves neither lock nor socket", "[owner]") {
    CommandFixture repo;
    const auto directory = repo.scratch / "repository";
    repo.owner.reset();
    std::filesystem::remove_all(directory + "/db");
    for (int i = 0; i < 2; ++i)
        CHECK(code_thrown_by([&] {
            server::Owner::take(command::unlock(directory, command::load_key_file(directory), {}),
                                {}, repo.place, repo.clock, repo.random);
        }));
    CHECK_FALSE(store::RepositoryLock::owner_of(directory));
    CHECK_FALSE(std::filesystem::exists(repo.place.socket()));
}

TEST_CASE("many clients are served at once", "[owner]") {
    CommandFixture repo;
    for (int i = 0; i < 100; ++i) repo.write("file" + std::to_string(i), "x");
    repo.snapshot();
    RunningCall call(repo);  // one of them takes its time
    in_threads(16, [&](unsigned) {
        for (int round = 0; round < 5; ++round) {
            Heard heard;
            TextInput nothing("");
            const nlohmann::json request{{"moment", "home@latest"}};
            const auto result = server::Client(repo.place).run("ls", {request, heard, nothing, {}});
            if (!result || (*result)["count"] != 100 || heard.of("entry").size() != 100)
                return false;
        }
        return true;
    });
    call.input.end();
    CHECK_FALSE(call.done.get());
    CHECK(snapshots_of(repo, "db") == 1);
}

TEST_CASE("a client that stops stops its command, and nothing is stored", "[owner]") {
    CommandFixture repo;
    RunningCall call(repo);
    CHECK(repo.owner->calls() == std::vector<std::string>{"snapshot"});
    call.stop.request_stop();
    CHECK(call.done.get() == Errc::cancelled);
    CHECK(within_seconds([&] { return repo.owner->calls().empty(); }));
    CHECK(snapshots_of(repo, "db") == 0);
}

TEST_CASE("an input that fails on the client's side is its error, not the end of the input",
          "[owner]") {
    CommandFixture repo;
    RunningCall call(repo);
    call.input.fail();
    CHECK(call.done.get() == Errc::io);
    CHECK(within_seconds([&] { return repo.owner->calls().empty(); }));
    CHECK(snapshots_of(repo, "db") == 0);
}

TEST_CASE("a client that dies stops its command", "[owner]") {
    CommandFixture repo;
    RawPeer peer(repo.place.socket());
    peer.post("/v1/commands/snapshot", stream.dump());
    REQUIRE(peer.hear_until("\"input\"").find("\"input\"") != std::string::npos);
    CHECK(repo.owner->calls().size() == 1);
    peer.hang_up();
    CHECK(within_seconds([&] { return repo.owner->calls().empty(); }));
    CHECK(snapshots_of(repo, "db") == 0);
}

TEST_CASE("half an input is not stored as if it were whole", "[owner]") {
    CommandFixture repo;
    RawPeer peer(repo.place.socket());
    peer.post("/v1/commands/snapshot", stream.dump());
    const auto heard = peer.hear_until("\"}\n");
    const auto at = heard.find("\"input\":\"") + 9;
    const auto path = "/v1/inputs/" + heard.substr(at, heard.find('"', at) - at);
    RawPeer sender(repo.place.socket());
    sender.say("PUT " + path + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
               "5\r\nhello\r\n");
    sender.hang_up();
    CHECK(peer.hear_all().find("\"cancelled\"") != std::string::npos);
    CHECK(snapshots_of(repo, "db") == 0);
    RawPeer again(repo.place.socket());
    again.say("PUT " + path + " HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx");
    CHECK(again.hear_all().find("404") != std::string::npos);  // each is taken once
}

TEST_CASE("an owner that ends waits for calls, and takes more as long as one runs", "[owner]") {
    CommandFixture repo;
    RunningCall call(repo);
    auto finishing = std::async(std::launch::async, [&] { repo.owner->finish({}); });
    CHECK(finishing.wait_for(50ms) == std::future_status::timeout);
    CHECK(repo.run(Way::through_socket, "info", {}).result["owner"]["pid"] == ::getpid());
    call.input.end();
    CHECK_FALSE(call.done.get());
    CHECK(call.result);
    finishing.get();
    Heard heard;
    TextInput nothing("");
    CHECK_FALSE(
        server::Client(repo.place).run("info", {nlohmann::json::object(), heard, nothing, {}}));
}

TEST_CASE("an owner that is told to end stops the calls of others", "[owner]") {
    CommandFixture repo;
    RunningCall call(repo);
    std::stop_source stop;
    auto finishing = std::async(std::launch::async, [&] { repo.owner->finish(stop.get_token()); });
    stop.request_stop();
    CHECK(call.done.get() == Errc::cancelled);
    finishing.get();
}

TEST_CASE("when the owner goes away on the way, its client says so", "[owner]") {
    const TemporaryDirectory scratch;
    const server::Place place{scratch / "run"};
    // An owner that takes a command and dies: an answer that has a beginning only.
    server::Listener dying(place, [](int fd, const server::Peer&) {
        char request[4096];
        [[maybe_unused]] const auto got = ::read(fd, request, sizeof request);
        const std::string head =
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
            "15\r\n{\"event\":\"progress\"}\n\r\n";
        [[maybe_unused]] const auto sent = ::write(fd, head.data(), head.size());
    });
    dying.start();
    Heard heard;
    TextInput nothing("");
    CHECK(code_thrown_by([&] {
              server::Client(place).run("info", {nlohmann::json::object(), heard, nothing, {}});
          }) == Errc::io);
    CHECK(heard.of("progress").size() == 1);
}

TEST_CASE("nonsense is answered with an error, and the owner lives on", "[owner]") {
    CommandFixture repo;
    const auto answer = [&](const std::string& text) {
        RawPeer peer(repo.place.socket());
        peer.say(text);
        ::usleep(1000);
        return peer.hear_until("\r\n\r\n");
    };
    CHECK(answer("nonsense\r\n\r\n").find(" 400 ") != std::string::npos);
    CHECK(answer("GET /nowhere HTTP/1.1\r\n\r\n").find(" 404 ") != std::string::npos);
    CHECK(answer("POST /v1/commands/nope HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}").find(" 404 ") !=
          std::string::npos);
    CHECK(answer("POST /v1/commands/info HTTP/1.1\r\nContent-Length: 1\r\n\r\n{").find(" 400 ") !=
          std::string::npos);
    CHECK(server::Client(repo.place).owner());
}
