// SPDX-License-Identifier: Apache-2.0
/// Requests that are wrong or hostile: each has a clear answer, and the owner goes on.
#include <thread>

#include "../command/command_fixture.h"
#include "raw_peer.h"

using namespace yore;
using namespace yore::test;

namespace {

std::string answer_to(const CommandFixture& repo, const std::string& said) {
    RawPeer peer(repo.place.socket());
    peer.say(said);
    peer.fall_silent();
    return peer.hear_all();
}

std::string posted(const CommandFixture& repo, const std::string& command,
                   const std::string& body) {
    RawPeer peer(repo.place.socket());
    peer.post("/v1/commands/" + command, body);
    return peer.hear_all();
}

bool has_status(const std::string& answer, int status) {
    return answer.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
}

bool goes_on(const CommandFixture& repo) {
    return server::Client(repo.place).owner().has_value();
}

std::string repeated(const std::string& text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

}  // namespace

TEST_CASE("a body that is no object of fields is refused with its reason", "[requests]") {
    CommandFixture repo;
    struct Case {
        const char *command, *body;
        int status;
        const char* text;
    };
    const Case cases[] = {
        {"info", "{", 400, "the request is not JSON"},
        {"info", "{} {}", 400, "the request is not JSON"},
        {"info", "\xff\xfe", 400, "the request is not JSON"},
        {"info", "{\"a\":1e999}", 400, "the request is not JSON"},
        {"info", "[]", 200, "not a JSON object"},
        {"info", "7", 200, "not a JSON object"},
        {"info", "null", 200, "not a JSON object"},
        {"info", "{\"unheard\":1}", 200, "unheard is not known"},
        {"jobs-show", "{\"job\":18446744073709551615}", 200, "there is no job"},
        {"jobs-show", "{\"job\":18446744073709551616}", 200, "job is not a whole number"},
        {"jobs-show", "{\"job\":-1}", 200, "job is not a whole number"},
        {"jobs-show", "{\"job\":1.5}", 200, "job is not a whole number"},
        {"jobs-show", "{\"job\":\"1\"}", 200, "job is not a whole number"},
        {"verify", "{\"level\":4294967297}", 200, "there is no level 4294967297"},
        {"verify", "{\"level\":2,\"sample\":1e308}", 200, "a part of all"},
        {"mount", "{\"directory\":\"/nowhere\",\"threads\":4294967296}", 200, "more than 1024"},
        {"mount", "{\"directory\":\"mnt\"}", 200, "mnt is not an absolute path"},
        {"restore", "{\"moment\":\"a@latest\",\"target\":\"b\"}", 200, "b is not an absolute path"},
        {"hold-release", "{\"hold\":4294967297}", 200, "which hold"},
        {"prune", "{\"sources\":[\"a\"],\"keep_last\":4294967296}", 200, "too many"},
        {"du", "{\"moment\":\"a@latest\",\"nowhere\":1}", 200,
         "its fields are depth, moment, path"},
        {"snapshot", "{}", 200, "source is missing"},
        {"snapshot", "{\"source\":7}", 200, "source is not a text"},
        {"snapshot", "{\"source\":{\"a\":[]}}", 200, "source is not a text"},
        {"snapshot", "{\"source\":\"a\",\"tags\":[1]}", 200, "tags is not an object"},
        {"snapshot", "{\"source_base64\":\"!\"}", 200, "is not base64"},
        {"restore", "{\"moment\":\"a@latest\",\"target\":\"/x\",\"paths\":{}}", 200, "not a list"},
    };
    for (const Case& one : cases) {
        CAPTURE(one.command, one.body);
        const auto answer = posted(repo, one.command, one.body);
        CHECK(has_status(answer, one.status));
        CHECK_THAT(answer, Catch::Contains(one.text));
    }
    CHECK(goes_on(repo));
}

TEST_CASE("what is nested deeply is refused before it is built", "[requests]") {
    CommandFixture repo;
    for (const std::string& body :
         {repeated("[", 1'000'000), repeated("{\"a\":", 1'000'000),
          "{\"paths\":" + repeated("[", 500'000) + repeated("]", 500'000) + "}"}) {
        const auto answer = posted(repo, "cat", body);
        CHECK(has_status(answer, 400));
        CHECK_THAT(answer, Catch::Contains("nested deeper than"));
    }
    CHECK(goes_on(repo));
}

TEST_CASE("a body that is too long is refused by its length", "[requests]") {
    CommandFixture repo;
    for (const char* length : {"16777217", "18446744073709551615", "99999999999999999999999"}) {
        const auto answer =
            answer_to(repo, "POST /v1/commands/info HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                                std::string(length) + "\r\n\r\n{}");
        CHECK(has_status(answer, 413));
        CHECK_THAT(answer, Catch::Contains("longer than 16777216 bytes"));
    }
    CHECK(has_status(answer_to(repo,
                               "POST /v1/commands/info HTTP/1.1\r\nHost: x\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
                     411));
    CHECK(goes_on(repo));
}

TEST_CASE("names that are none are not found", "[requests]") {
    CommandFixture repo;
    for (const char* path : {"/v1/commands/none", "/v1/commands/", "/v1/commands/INFO",
                             "/v1/commands/../owner", "/v1/commands/info%00", "/", "/v2/owner"})
        CHECK(has_status(
            answer_to(repo, "POST " + std::string(path) + " HTTP/1.1\r\nContent-Length: 0\r\n\r\n"),
            404));
    CHECK(has_status(answer_to(repo, "GET /v1/commands/info HTTP/1.1\r\n\r\n"), 404));
    CHECK(has_status(answer_to(repo, "DELETE /v1/owner HTTP/1.1\r\n\r\n"), 404));
    CHECK(has_status(answer_to(repo, "PUT /v1/inputs/0123 HTTP/1.1\r\nContent-Length: 1\r\n\r\nx"),
                     404));
    CHECK(goes_on(repo));
}

TEST_CASE("who hangs up in the middle of a request leaves nothing behind", "[requests]") {
    CommandFixture repo;
    const std::string whole =
        "POST /v1/commands/info HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}";
    for (std::size_t length = 0; length < whole.size(); ++length) {
        RawPeer peer(repo.place.socket());
        peer.say(whole.substr(0, length));
        peer.hang_up();
    }
    CHECK(has_status(answer_to(repo, whole), 200));
    CHECK(repo.owner->calls().empty());
}

TEST_CASE("fifty clients at once, good and bad, each have their answer", "[requests]") {
    CommandFixture repo;
    repo.write("file", "x");
    repo.snapshot();
    in_threads(50, [&](unsigned number) {
        switch (number % 5) {
            case 0:
                return has_status(posted(repo, "info", "{"), 400);
            case 1:
                return has_status(posted(repo, "none", "{}"), 404);
            case 2: {
                RawPeer gone(repo.place.socket());
                gone.say("POST /v1/commands/ls HTTP/1.1\r\nContent-Le");
                return true;
            }
            case 3:
                return answer_to(repo, "GET /metrics HTTP/1.1\r\n\r\n").find("yore_jobs{") !=
                       std::string::npos;
            default:
                return posted(repo, "ls", R"({"moment":"home@latest"})").find("\"count\":1") !=
                       std::string::npos;
        }
    });
    CHECK(goes_on(repo));
}
